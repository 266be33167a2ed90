package io.instabilityguard.evaluation.process;

import io.instabilityguard.evaluation.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Folders for as long as processes work in them. */
public final class TemporaryFolder {
    private static final Logger LOGGER = LoggerFactory.getLogger(TemporaryFolder.class);

    private TemporaryFolder() {}

    /** A new folder with a path short enough for sockets. */
    public static Path create(String prefix) {
        try {
            return Files.createTempDirectory(prefix);
        } catch (IOException e) {
            throw UserError.environment("cannot make a temporary folder: " + e.getMessage());
        }
    }

    /** Deletes a folder and what is in it; what cannot be deleted stays. */
    public static void delete(Path folder) {
        try (Stream<Path> paths = Files.walk(folder)) {
            paths.sorted(Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        } catch (IOException e) {
            LOGGER.debug("{} stays behind", folder, e);
        }
    }
}
