package io.instabilityguard.evaluation.process;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.instabilityguard.evaluation.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Configuration files of processes. */
public final class Yaml {
    private Yaml() {}

    /** Writes the settings; the file. */
    public static Path write(Path file, Map<String, ?> settings) {
        try {
            new YAMLMapper().writeValue(file.toFile(), settings);
            return file;
        } catch (IOException e) {
            throw UserError.environment("cannot write " + file + ": " + e.getMessage());
        }
    }
}
