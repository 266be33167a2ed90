package io.instabilityguard.evaluation.fuzz;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.instabilityguard.evaluation.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The golden files of the repository, from which mutations start.
 *
 * @param records what every released version wrote, one per topic
 * @param staging staging files with the HELLO that goes with each
 * @param messages one message of every type, both directions
 */
record GoldenSamples(List<Written> records, List<Staged> staging, List<byte[]> messages) {
    private static final Path RECORDS = Path.of("schemas/src/test/resources/golden");
    private static final Path STAGING = Path.of("trainer-sidecar/src/test/resources/golden");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A record in Avro's single-object encoding, and the name of its class. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Written(String version, String name, byte[] bytes) {}

    /** A staging file and its HELLO. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Staged(ObjectNode hello, byte[] file) {}

    /** Reads them; {@code home} is the root of the repository. */
    static GoldenSamples read(Path home) {
        try {
            return new GoldenSamples(records(home.resolve(RECORDS)), staging(home.resolve(STAGING)), readMessages());
        } catch (IOException e) {
            throw UserError.environment("the golden files cannot be read (" + e.getMessage()
                    + "): start with ./guard in a checkout of the repository");
        }
    }

    private static List<Written> records(Path folder) throws IOException {
        List<Written> all = new ArrayList<>();
        for (Path version : sorted(folder)) {
            for (Path file : sorted(version)) {
                String name = file.getFileName().toString();
                if (name.endsWith(".avro")) {
                    String record = name.substring(0, name.indexOf('.'));
                    all.add(new Written(version.getFileName().toString(), record, Files.readAllBytes(file)));
                }
            }
        }
        return all;
    }

    private static List<Staged> staging(Path folder) throws IOException {
        List<Staged> all = new ArrayList<>();
        for (Path file : sorted(folder)) {
            if (file.toString().endsWith(".bin")) {
                Path hello = folder.resolve(file.getFileName().toString().replace(".bin", ".json"));
                all.add(new Staged((ObjectNode) JSON.readTree(hello.toFile()), Files.readAllBytes(file)));
            }
        }
        return all;
    }

    private static List<byte[]> readMessages() throws IOException {
        try (InputStream in = Objects.requireNonNull(GoldenSamples.class.getResourceAsStream("messages.jsonl"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.getBytes(StandardCharsets.UTF_8))
                    .toList();
        }
    }

    private static List<Path> sorted(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }
}
