package io.instabilityguard.sidecar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.instabilityguard.sidecar.errors.DistinctErrors;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** A file of settings: YAML, whose nested keys are joined with dots, or Java properties when it is named so. */
final class SettingsFile {
    private SettingsFile() {}

    /** The settings in the file; {@link ConfigException} names the file when it cannot be read. */
    static Map<String, String> read(Path file) {
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            return file.toString().endsWith(".properties") ? properties(reader) : yaml(reader);
        } catch (JsonProcessingException e) {
            throw new ConfigException(
                    file + ", line " + line(e) + ": "
                            + e.getOriginalMessage().lines().findFirst().orElse(""),
                    e);
        } catch (IOException | IllegalArgumentException e) {
            throw new ConfigException("cannot read " + file + ": " + DistinctErrors.describe(e), e);
        }
    }

    private static int line(JsonProcessingException e) {
        return e.getLocation() == null ? 1 : e.getLocation().getLineNr();
    }

    private static Map<String, String> properties(Reader reader) throws IOException {
        Properties properties = new Properties();
        properties.load(reader);
        Map<String, String> settings = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> settings.put(key, properties.getProperty(key)));
        return settings;
    }

    private static Map<String, String> yaml(Reader reader) throws IOException {
        Map<String, String> settings = new TreeMap<>();
        JsonNode root = new YAMLMapper().readTree(reader);
        if (root.isObject()) {
            flatten("", root, settings);
        } else if (!root.isMissingNode() && !root.isNull()) {
            throw new IllegalArgumentException("it holds no keys");
        }
        return settings;
    }

    private static void flatten(String prefix, JsonNode node, Map<String, String> settings) {
        node.properties().forEach(entry -> {
            String key = prefix + entry.getKey();
            JsonNode value = entry.getValue();
            if (value.isObject()) {
                flatten(key + ".", value, settings);
            } else if (value.isValueNode() && !value.isNull()) {
                settings.put(key, value.asText());
            } else {
                throw new IllegalArgumentException(key + " must be one value");
            }
        });
    }
}
