package io.instabilityguard.guard.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One key of a policy.
 *
 * @param key dotted
 * @param value what is in force, as JSON
 * @param standard what the default policy says, as JSON; null when it has no such key
 */
public record PolicyRow(String key, String value, @Nullable String standard) {

    /** Every key of the policy in a file, or of the default one for null, in order. Errors: {@link PolicyException}. */
    public static List<PolicyRow> read(@Nullable Path file) {
        try {
            return of(file == null ? "" : Files.readString(file));
        } catch (IOException e) {
            throw new PolicyException("policy file " + file + " cannot be read: " + e.getMessage());
        }
    }

    /** Every key of a policy in YAML, laid over the default one. Errors: {@link PolicyException}. */
    public static List<PolicyRow> of(String yaml) {
        Map<String, String> standards = new TreeMap<>();
        Map<String, String> values = new TreeMap<>();
        flatten("", PolicyTree.overDefault(""), standards);
        flatten("", PolicyTree.overDefault(yaml), values);
        return values.entrySet().stream()
                .map(entry -> new PolicyRow(entry.getKey(), entry.getValue(), standards.get(entry.getKey())))
                .toList();
    }

    private static void flatten(String path, JsonNode node, Map<String, String> into) {
        if (node instanceof ObjectNode mapping && !mapping.isEmpty()) {
            mapping.properties()
                    .forEach(entry -> flatten(
                            path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(), entry.getValue(), into));
        } else {
            into.put(path, node.toString());
        }
    }
}
