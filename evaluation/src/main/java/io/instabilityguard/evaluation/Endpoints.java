package io.instabilityguard.evaluation;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * Where a running all-in-one process can be reached. It writes them to {@code endpoints.json} in its folder once it is
 * ready and deletes them when it stops.
 *
 * @param bootstrapServers of the embedded broker
 * @param socket of the sidecar
 */
public record Endpoints(String bootstrapServers, String socket) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static Path file(Path folder) {
        return folder.resolve("endpoints.json");
    }

    void writeTo(Path folder) throws IOException {
        Path unfinished = folder.resolve("endpoints.json.unfinished");
        JSON.writeValue(unfinished.toFile(), this);
        Files.move(unfinished, file(folder), StandardCopyOption.ATOMIC_MOVE);
    }

    /** What the process of this folder wrote; empty while it is not ready. */
    static Optional<Endpoints> readFrom(Path folder) {
        try {
            return Optional.of(JSON.readValue(file(folder).toFile(), Endpoints.class));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
