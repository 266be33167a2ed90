package io.instabilityguard.evaluation.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.instabilityguard.evaluation.Lab;
import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.evaluation.broker.TopicCreation;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Samples;
import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.schemas.TelemetrySamples;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import io.instabilityguard.schemas.signature.RecordSignature;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The consumer examples, started as their first lines say, on a broker that holds what the guard writes. */
@Timeout(120)
class SubscriberExamplesIT {
    private static final String PYTHON = "/usr/bin/python3";
    private static final String STRANGER = "stranger";
    private static final Path FOLDER = Lab.folder();
    private static EmbeddedBroker broker;
    private static KeyPairFiles keys;

    @BeforeAll
    static void fill() throws Exception {
        broker = EmbeddedBroker.start(FOLDER, EmbeddedBroker.ANY_PORT);
        TopicCreation.createMissing(broker.bootstrapServers());
        keys = KeyPairFiles.create(FOLDER.resolve("keys"), Optional.of("guard"));
        KeyPairFiles others = KeyPairFiles.create(FOLDER.resolve("keys"), Optional.of(STRANGER));
        ProducerRecord<String, byte[]> anomaly = record(Topics.ANOMALIES, Samples.anomaly());
        anomaly.headers()
                .add(
                        StepTrace.HEADER,
                        StepTrace.of(TelemetrySamples.telemetry(0)).getBytes(StandardCharsets.US_ASCII));
        try (Published published = new Published(broker.bootstrapServers())) {
            published.send(signed(keys, record(Topics.COMMANDS, Samples.command())));
            published.send(signed(others, record(Topics.COMMANDS, Samples.command())));
            published.send(anomaly);
        }
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @Test
    void shouldPrintCommandsAndWhoseTheyAreInJava() throws Exception {
        String said = "run-42: APPLY_MSIGN at step 1210, [blocks.3.attention.qkv.weight[query]], because of "
                + Samples.anomaly().getId() + "; ";
        assertThat(lines(
                        2,
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Deploy.FOLDER.resolve("examples/CommandSubscriber.java").toString(),
                        broker.bootstrapServers(),
                        Deploy.FOLDER.resolve("asyncapi.yaml").toString(),
                        keys.publicKey().toString()))
                .containsExactly(said + "signed", said + "NOT SIGNED by " + keys.publicKey());
    }

    @Test
    void shouldPrintAnomaliesInPython() throws Exception {
        assumeTrue(
                new ProcessBuilder(PYTHON, "-c", "import avro, confluent_kafka, yaml")
                                .redirectErrorStream(true)
                                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                                .start()
                                .waitFor()
                        == 0,
                PYTHON + " lacks confluent_kafka, avro or yaml");
        Anomaly anomaly = Samples.anomaly();
        String trace = StepTrace.of(TelemetrySamples.telemetry(0)).split("-")[1];
        assertThat(lines(
                        1,
                        PYTHON,
                        Deploy.FOLDER.resolve("examples/anomaly_subscriber.py").toString(),
                        broker.bootstrapServers(),
                        Deploy.FOLDER.resolve("asyncapi.yaml").toString()))
                .containsExactly(
                        "run-42: ESCALATED at step 1200: %s (trace %s)".formatted(anomaly.getMessage(), trace));
    }

    private static <V extends SpecificRecord> ProducerRecord<String, byte[]> record(Topic<V> topic, V value) {
        return new ProducerRecord<>(topic.name(), Samples.command().getRun(), Published.bytes(topic, value));
    }

    private static ProducerRecord<String, byte[]> signed(KeyPairFiles signer, ProducerRecord<String, byte[]> record)
            throws IOException {
        RecordSignature.sign(signer.signingKey(), record.topic(), record.key(), record.value(), record.headers());
        return record;
    }

    /** The first lines that a program prints, which goes on until it is stopped. */
    private static List<String> lines(int count, String... command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader said = process.inputReader()) {
            return said.lines()
                    .filter(line -> line.startsWith("run-"))
                    .limit(count)
                    .toList();
        } finally {
            process.destroyForcibly();
        }
    }
}
