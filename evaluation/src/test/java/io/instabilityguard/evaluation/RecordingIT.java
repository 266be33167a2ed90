package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.evaluation.broker.TopicCreation;
import io.instabilityguard.guard.Guard;
import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.console.ConsoleMain;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.RecordVerification;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A run under a policy and a shadow, recorded, replayed and reported on, with a real broker and guard. */
class RecordingIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String RUN = "it-recorded";

    @TempDir
    Path folder;

    @Test
    void shouldRecordReplayAndReportWhatAGuardDid() throws Exception {
        Path same = Files.writeString(folder.resolve("same.yaml"), "mode: enforce");
        Path deaf = Files.writeString(
                folder.resolve("deaf.yaml"),
                "detectors: {gradient-spike: {enabled: false}, loss-spike: {enabled: false}}");
        Path file = folder.resolve("run.avro");
        Path page = folder.resolve("incident.html");
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"), EmbeddedBroker.ANY_PORT)) {
            TopicCreation.createMissing(broker.bootstrapServers());
            try (Guard guard = new Guard(config(broker)).start()) {
                await().atMost(PATIENCE).until(guard::isRunning);
                console(broker, 0, "policy", "apply", deaf.toString(), "--runs", "it-*", "--shadow", "--reason", "try");
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(console(broker, 0, "policy", "history"))
                                .contains("shadow/it-*", "in force"));
                train(broker);
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(console(broker, 0, "shadow", "report", "--run", RUN, "--json"))
                                .contains("\"what\":\"commands\",\"both\":0,\"onlyShadow\":0,\"onlyInForce\":1"));
            }
            assertThat(console(broker, 0, "anomalies", "ls", "--run", RUN, "--open"))
                    .contains("gradient-spike", "RAISED");
            assertThat(console(broker, 1, "record", "--run", "nobody", "--out", file.toString()))
                    .contains("run nobody has no telemetry");
            assertThat(file).doesNotExist();
            assertThat(console(broker, 0, "record", "--run", RUN, "--out", file.toString(), "--json"))
                    .contains("\"telemetry\":64,\"unreadable\":0");
            assertThat(report("report", "--run", RUN, "--bootstrap-servers", broker.bootstrapServers(), "--out", page))
                    .isZero();
            assertThat(report("report", "--run", "nobody", "--bootstrap-servers", broker.bootstrapServers()))
                    .isOne();
        }
        assertThat(Files.readString(page)).contains("at step 60", "INTACT", "</svg>");
        assertThat(replay(0, file, same)).contains("gradient-spike").doesNotContain("LOST", "NEW");
        assertThat(replay(3, file, deaf)).contains("LOST");
        assertThat(report("report", "--file", file, "--out", page)).isZero();
    }

    private static void train(EmbeddedBroker broker) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
        try (KafkaProducer<String, StepTelemetry> producer = new KafkaProducer<>(
                settings,
                new StringSerializer(),
                RecordSerdes.of(Topics.TELEMETRY, Map.of()).serializer())) {
            for (long step = 0; step < 64; step++) {
                producer.send(new ProducerRecord<>(Topics.TELEMETRY.name(), RUN, step(step)))
                        .get();
                if (step == 0) {
                    awaitLease(broker);
                }
            }
        }
    }

    private static StepTelemetry step(long step) {
        boolean spike = step == 60;
        return StepTelemetry.newBuilder(Records.step(RUN, step, 4))
                .setTimestampMs(System.currentTimeMillis())
                .setLoss(spike ? 3.5 : 2.5 + 0.1 * Math.sin(1.7 * step))
                .setGradientNorm(spike ? 50 : 1 + 0.2 * Math.sin(2.3 * step))
                .build();
    }

    /** A guard commands only once its claim on the run has come back to it. */
    private static void awaitLease(EmbeddedBroker broker) {
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(console(broker, 0, "lease", "show")).contains(RUN));
    }

    private GuardConfig config(EmbeddedBroker broker) {
        GuardConfig local = GuardConfig.local(broker.bootstrapServers());
        return new GuardConfig(
                local.bootstrapServers(),
                local.applicationId(),
                folder.resolve("state"),
                1,
                1,
                null,
                Mode.ENFORCE,
                null,
                null,
                RecordVerification.NONE,
                Map.of("num.standby.replicas", "0"));
    }

    private static String replay(int status, Path file, Path policy) {
        return execute(status, "replay", file.toString(), "--policy", policy.toString());
    }

    private static int report(Object... arguments) {
        CommandLine line = GuardCommand.commandLine();
        return line.execute(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
    }

    private static String console(EmbeddedBroker broker, int status, String... arguments) {
        String[] words = Arrays.copyOf(arguments, arguments.length + 2);
        words[arguments.length] = "--bootstrap-servers";
        words[arguments.length + 1] = broker.bootstrapServers();
        return execute(status, words);
    }

    private static String execute(int status, String... words) {
        StringWriter said = new StringWriter();
        int found = ConsoleMain.commandLine()
                .setOut(new PrintWriter(said, true))
                .setErr(new PrintWriter(said, true))
                .execute(words);
        assertThat(found).as(said.toString()).isEqualTo(status);
        return said.toString();
    }
}
