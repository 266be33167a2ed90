package io.instabilityguard.evaluation.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.evaluation.Lab;
import io.instabilityguard.evaluation.trainer.GuardedBy;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import io.instabilityguard.guard.Guard;
import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.console.ConsoleMain;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import io.instabilityguard.schemas.signature.PublicKeys;
import io.instabilityguard.schemas.signature.RecordSignature;
import io.instabilityguard.schemas.signature.RecordVerification;
import io.instabilityguard.sidecar.Sidecar;
import io.instabilityguard.sidecar.SidecarConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The whole loop on a broker that allows no more than the least access control list: TLS, SCRAM, signatures, and nothing told that is secret. */
class SecuredLoopIT {
    private static final String RUN = "secured";
    private static final int STEPS = 70;

    private final Path folder = Lab.folder();
    private final Eavesdropper log = new Eavesdropper();
    private KeyPairFiles keys;
    private SecuredKafka kafka;

    @BeforeEach
    void start() throws Exception {
        keys = KeyPairFiles.create(folder.resolve("keys"), Optional.of("it"));
        kafka = SecuredKafka.start(folder);
        kafka.allow(SecuredKafka.RULES);
    }

    @AfterEach
    void stop() {
        log.close();
        kafka.close();
    }

    @Test
    void shouldRunTheLoopWithTheLeastRightsAndTellNoSecret() throws Exception {
        List<ConsumerRecord<String, byte[]>> told = new ArrayList<>();
        try (Guard guard = new Guard(guardConfig()).start();
                Sidecar sidecar = new Sidecar(sidecarConfig()).start()) {
            await().atMost(Duration.ofSeconds(60)).until(guard::isRunning);
            train(sidecar.socket());
            told.addAll(subscribedUntilApplied());
        }
        assertThat(told).filteredOn(SecuredLoopIT::isCommand).isNotEmpty().allSatisfy(this::isSigned);
        assertThat(told).filteredOn(SecuredLoopIT::isDecision).allSatisfy(this::isSigned);
        String verified =
                operator("ledger", "verify", "--public-keys", keys.publicKey().toString());
        assertThat(verified).contains(RUN).contains("INTACT");
        assertThat(operator("runs", "ls")).contains(RUN);
        ConsumerRecord<String, byte[]> decision =
                told.stream().filter(SecuredLoopIT::isDecision).findFirst().orElseThrow();
        long offset = kafka.repeat(decision);
        assertThat(console("ledger", "verify", "--run", RUN)).satisfies(answer -> {
            assertThat(answer.status()).isEqualTo(3);
            assertThat(answer.text()).containsPattern("REPEATED +0 +" + decision.partition() + " +" + offset);
        });
        List<String> everything = new ArrayList<>(log.lines());
        everything.addAll(
                List.of(verified, guardConfig().toString(), sidecarConfig().toString()));
        everything.addAll(everyRecord());
        assertThat(log.lines())
                .as("Kafka's clients told their settings")
                .anyMatch(line -> line.contains("sasl.jaas.config = [hidden]"));
        for (String secret : secrets()) {
            assertThat(everything).noneMatch(line -> line.contains(secret));
        }
    }

    private void train(Path socket) {
        TrainerJob job =
                TrainerJob.guarded("CS", 0, GuardedBy.lockstep(socket, RUN, 1)).lasting(STEPS);
        try (TrainerProcess trainer = TrainerProcess.start(Lab.python(), job)) {
            assertThat(trainer.follow(step -> {}))
                    .singleElement()
                    .satisfies(result -> assertThat(result.steps()).isEqualTo(STEPS));
        }
    }

    private GuardConfig guardConfig() throws Exception {
        Map<String, String> client = new HashMap<>(kafka.client("guard"));
        return new GuardConfig(
                client.remove("bootstrap.servers"),
                SecuredKafka.APPLICATION,
                folder.resolve("streams"),
                1,
                1,
                null,
                null,
                Mode.ENFORCE,
                keys.signingKey(),
                RecordVerification.by(List.of(keys.publicKey()), System::currentTimeMillis, unreadable -> {}),
                client);
    }

    private SidecarConfig sidecarConfig() {
        Map<String, String> settings = new HashMap<>();
        kafka.client("sidecar").forEach((key, value) -> settings.put("kafka." + key, value));
        settings.put("bootstrap.servers", settings.remove("kafka.bootstrap.servers"));
        settings.put("socket", folder.resolve("socket").resolve("guard.sock").toString());
        settings.put("state.folder", folder.resolve("journal").toString());
        settings.put("commands.public-keys", keys.publicKey().toString());
        return SidecarConfig.of(settings);
    }

    private List<ConsumerRecord<String, byte[]>> subscribedUntilApplied() {
        Map<String, Object> settings = new HashMap<>(kafka.client("subscriber"));
        settings.put("group.id", "subscriber-of-this-test");
        settings.put("auto.offset.reset", "earliest");
        settings.put("isolation.level", "read_committed");
        List<ConsumerRecord<String, byte[]>> heard = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(
                    Topics.COMMANDS.name(),
                    Topics.OUTCOMES.name(),
                    Topics.DECISIONS.name(),
                    Topics.ANOMALIES.name(),
                    Topics.RUNS.name()));
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(heard::add);
                return heard.stream().anyMatch(SecuredLoopIT::isApplied)
                        && heard.stream().anyMatch(SecuredLoopIT::isCommand)
                        && heard.stream().anyMatch(SecuredLoopIT::isDecision);
            });
            consumer.commitSync();
        }
        return heard;
    }

    private static boolean isApplied(ConsumerRecord<String, byte[]> record) {
        if (!record.topic().equals(Topics.OUTCOMES.name())) {
            return false;
        }
        InterventionOutcome outcome =
                RecordSerdes.of(Topics.OUTCOMES, Map.of()).deserializer().deserialize(record.topic(), record.value());
        return outcome.getStatus() == OutcomeStatus.APPLIED;
    }

    private static boolean isDecision(ConsumerRecord<String, byte[]> record) {
        return record.topic().equals(Topics.DECISIONS.name());
    }

    private static boolean isCommand(ConsumerRecord<String, byte[]> record) {
        return record.topic().equals(Topics.COMMANDS.name());
    }

    private void isSigned(ConsumerRecord<String, byte[]> record) throws IOException {
        PublicKeys trusted = PublicKeys.read(List.of(keys.publicKey()));
        assertThat(RecordSignature.problem(trusted, record.topic(), record.key(), record.value(), record.headers()))
                .isEmpty();
    }

    private record Answer(int status, String text) {}

    /** What the console prints to an operator when all is well. */
    private String operator(String... arguments) throws Exception {
        Answer answer = console(arguments);
        assertThat(answer.status()).as(answer.text()).isZero();
        return answer.text();
    }

    private Answer console(String... arguments) throws Exception {
        StringBuilder yaml = new StringBuilder();
        Map<String, String> client = new HashMap<>(kafka.client("operator"));
        yaml.append("bootstrap-servers: ")
                .append(client.remove("bootstrap.servers"))
                .append("\nkafka:\n");
        client.forEach((key, value) ->
                yaml.append("  ").append(key).append(": '").append(value).append("'\n"));
        Path config = Files.writeString(folder.resolve("operator.yaml"), yaml);
        StringWriter out = new StringWriter();
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--config", config.toString()));
        CommandLine line =
                ConsoleMain.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(out));
        return new Answer(line.execute(all.toArray(String[]::new)), out.toString());
    }

    private List<String> secrets() throws Exception {
        List<String> secrets = new ArrayList<>();
        SecuredKafka.WITH_PASSWORD.forEach(user -> secrets.add(SecuredKafka.password(user)));
        secrets.add(kafka.client("guard").get("ssl.keystore.password"));
        secrets.add(Files.readString(keys.privateKey()).lines().toList().get(1));
        return secrets;
    }

    /** All bytes of all topics, as text. */
    private List<String> everyRecord() {
        List<String> texts = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                new HashMap<>(kafka.client("admin")), new StringDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.listTopics().values().stream()
                    .flatMap(List::stream)
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(200))
                        .forEach(record -> texts.add(record.key() + text(record.value()) + record.headers()));
            }
        }
        assertThat(texts).hasSizeGreaterThan(STEPS);
        return texts;
    }

    private static String text(byte[] bytes) {
        return bytes == null ? "" : new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
