package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.evaluation.broker.TopicCreation;
import io.instabilityguard.guard.Guard;
import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.console.ConsoleMain;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import io.instabilityguard.schemas.signature.RecordVerification;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Policies and dead letters with a real broker and a guard that believes nobody without a key, through the console. */
class PolicyIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private KeyPairFiles alice;
    private KeyPairFiles own;

    @BeforeEach
    void makeKeys() throws IOException {
        own = KeyPairFiles.create(folder.resolve("keys"), Optional.of("guard-1"));
        alice = KeyPairFiles.create(folder.resolve("keys"), Optional.of("alice"));
    }

    @Test
    void shouldPutGoodPoliciesInForceAndRefuseBadAndUnsignedOnesAcrossARestart() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"), EmbeddedBroker.ANY_PORT)) {
            TopicCreation.createMissing(broker.bootstrapServers());
            try (Guard guard = guard(broker)) {
                await().atMost(PATIENCE).until(guard::isRunning);
                assertThat(signed(broker, 0, "policy", "apply", file("mode: enforce"), "--reason", "trusted"))
                        .contains("as version 1");
                assertThat(signed(broker, 2, "policy", "apply", file("mode: kill"), "--reason", "typo"))
                        .contains("mode: must be one of");
                signed(broker, 0, "policy", "apply", file("mode: observe"), "--reason", "no more", "--runs", "old-*");
                await().atMost(PATIENCE)
                        .untilAsserted(() ->
                                assertThat(console(broker, 0, "policy", "show")).contains("old-*"));
                signed(broker, 0, "policy", "withdraw", "--runs", "old-*");
                shouldSayWhatTheGuardsRefuse(broker);
                console(broker, 0, "policy", "apply", file("mode: observe"), "--reason", "forged");
                send(broker, Topics.POLICIES.name(), "*");
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(console(broker, 0, "policy", "history"))
                                .containsPattern("1 +\\S+ +alice +in force")
                                .containsPattern("old-\\*.* alice +withdrawn")
                                .contains("refused: it is not signed"));
                await().atMost(PATIENCE)
                        .untilAsserted(() ->
                                assertThat(guard.policies().of("any").mode()).hasToString("ENFORCE"));
            }
            try (Guard again = guard(broker)) {
                await().atMost(PATIENCE).until(again::isRunning);
                assertThat(again.policies().revisions()).hasSize(1);
                assertThat(again.policies().of("any").mode()).hasToString("ENFORCE");
            }
        }
    }

    /** A console that is told whom the guards believe does not write what they would refuse, and does not show it. */
    private void shouldSayWhatTheGuardsRefuse(EmbeddedBroker broker) throws IOException {
        String config = Files.writeString(
                        folder.resolve("operator.yaml"),
                        "bootstrap-servers: " + broker.bootstrapServers() + "\noperators: {public-keys: keys}")
                .toString();
        assertThat(execute(2, "policy", "apply", file("mode: observe"), "--reason", "x", "--config", config))
                .contains("the guards would refuse this: it is not signed");
        console(broker, 0, "lease", "take", "run-1", "--operator", "mallory");
        signed(broker, 0, "lease", "take", "run-2", "--operator", "alice");
        assertThat(execute(0, "lease", "show", "--config", config))
                .contains("run-2", "operator:alice")
                .doesNotContain("mallory");
    }

    @Test
    void shouldRedriveALetterOnce() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"), EmbeddedBroker.ANY_PORT)) {
            TopicCreation.createMissing(broker.bootstrapServers());
            try (Guard guard = guard(broker)) {
                await().atMost(PATIENCE).until(guard::isRunning);
                send(broker, Topics.TELEMETRY.name(), "run-1");
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(console(broker, 0, "dead-letters", "ls", "--json"))
                                .hasLineCount(1));
            }
            String listed = console(broker, 0, "dead-letters", "ls", "--json");
            String letter = listed.replaceAll("(?s).*\"letter\":\"([0-9-]+)\".*", "$1");
            assertThat(console(broker, 0, "dead-letters", "redrive", letter, "--dry-run"))
                    .contains("would redrive letter " + letter + " to guard.telemetry.v1");
            assertThat(console(broker, 0, "dead-letters", "redrive", letter)).contains("redrove");
            assertThat(console(broker, 1, "dead-letters", "redrive", letter)).contains("redriven before");
            assertThat(console(broker, 0, "dead-letters", "redrive", letter, "--again"))
                    .contains("redrove");
            assertThat(console(broker, 0, "dead-letters", "show", letter)).contains("6e6f2041"); // "no A", in hex
            try (Guard guard = guard(broker)) {
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(console(broker, 0, "dead-letters", "ls", "--json"))
                                .as("both came back, and are letters again")
                                .hasLineCount(3));
            }
        }
    }

    private Guard guard(EmbeddedBroker broker) throws IOException {
        GuardConfig local = GuardConfig.local(broker.bootstrapServers());
        return new Guard(new GuardConfig(
                        local.bootstrapServers(),
                        local.applicationId(),
                        folder.resolve("state"),
                        1,
                        1,
                        null,
                        null,
                        null,
                        own.signingKey(),
                        RecordVerification.by(List.of(folder.resolve("keys")), System::currentTimeMillis, e -> {}),
                        Map.of("num.standby.replicas", "0")))
                .start();
    }

    private String file(String yaml) throws IOException {
        return Files.writeString(Files.createTempFile(folder, "policy", ".yaml"), yaml)
                .toString();
    }

    private static void send(EmbeddedBroker broker, String topic, String key) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
        try (KafkaProducer<String, byte[]> producer =
                new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, key, "no Avro".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                    .get();
        }
    }

    private String signed(EmbeddedBroker broker, int status, String... arguments) {
        String[] words = Arrays.copyOf(arguments, arguments.length + 2);
        words[arguments.length] = "--signing-key";
        words[arguments.length + 1] = alice.privateKey().toString();
        return console(broker, status, words);
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
