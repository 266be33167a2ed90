package io.instabilityguard.guard.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A value that is never printed. It is named by the file or the environment's variable that holds it, never written into a configuration. */
public record Secret(String value) {

    /** Reads what {@code key-file} or {@code key-env} of the section names. Errors: {@link PolicyException} that names the key and never the value. */
    public static Secret read(Section section, String key, Path config, Map<String, String> environment) {
        String file = key + "-file";
        String variable = key + "-env";
        if (section.has(file) == section.has(variable)) {
            throw new PolicyException(section.path() + ": name either " + file + " or " + variable);
        }
        String value = section.has(file)
                ? content(section, file, config)
                : environment.getOrDefault(section.text(variable), "").strip();
        if (value.isEmpty()) {
            throw new PolicyException(
                    section.path() + ": what " + (section.has(file) ? file : variable) + " names is empty or not set");
        }
        return new Secret(value);
    }

    private static String content(Section section, String key, Path config) {
        Path file = config.resolveSibling(section.text(key));
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new PolicyException(section.path() + "." + key + ": " + file + " cannot be read");
        }
    }

    @Override
    public String toString() {
        return "***";
    }
}
