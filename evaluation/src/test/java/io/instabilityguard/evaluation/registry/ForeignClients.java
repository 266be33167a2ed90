package io.instabilityguard.evaluation.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Kafka clients that are not ours, as programs of this machine. A test that wants one is skipped where it is missing. */
final class ForeignClients {
    private static final String PYTHON = "/usr/bin/python3";

    private ForeignClients() {}

    /** Skips the test without kcat. */
    static void assumeKcat() {
        assumeTrue(succeeds("kcat", "-V"), "kcat is not installed");
    }

    /** Skips the test without the Python packages. */
    static void assumePython() {
        assumeTrue(
                succeeds(PYTHON, "-c", "import avro.schema, confluent_kafka.schema_registry"),
                PYTHON + " lacks confluent_kafka or avro (Debian: python3-confluent-kafka, python3-avro)");
    }

    /** What kcat prints of a topic, from its beginning to its end. */
    static byte[] kcat(String bootstrapServers, String topic, String format) throws IOException, InterruptedException {
        return run(List.of(
                "kcat",
                "-C",
                "-q",
                "-e",
                "-o",
                "beginning",
                "-X",
                "isolation.level=read_committed",
                "-b",
                bootstrapServers,
                "-t",
                topic,
                "-f",
                format));
    }

    /** What confluent_kafka and avro for Python decode of a topic: key and record of each message. */
    static List<JsonNode> python(String bootstrapServers, String registry, String topic) throws Exception {
        byte[] lines = run(List.of(PYTHON, script(), bootstrapServers, registry, topic));
        List<JsonNode> records = new ArrayList<>();
        for (String line : new String(lines, StandardCharsets.UTF_8).lines().toList()) {
            records.add(new ObjectMapper().readTree(line));
        }
        return records;
    }

    private static String script() throws URISyntaxException {
        return Path.of(Objects.requireNonNull(ForeignClients.class.getResource("foreign_reader.py"))
                        .toURI())
                .toString();
    }

    private static byte[] run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        byte[] said = process.getInputStream().readAllBytes();
        assertThat(process.waitFor()).as(command.get(0)).isZero();
        return said;
    }

    private static boolean succeeds(String... command) {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
