package io.instabilityguard.evaluation.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.instabilityguard.evaluation.Apart;
import io.instabilityguard.evaluation.Lab;
import io.instabilityguard.evaluation.TopicRecords;
import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.evaluation.broker.TopicCreation;
import io.instabilityguard.evaluation.process.ChildProcess;
import io.instabilityguard.evaluation.trainer.GuardedBy;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The loop with a schema registry: the guard and one sidecar speak to it themselves, the other sidecar through Apicurio's serializer, which the configuration
 * alone names. What they wrote is then read by clients that are not ours.
 */
class RegistryLoopIT {
    private static final int STEPS = 70;
    private static final Set<String> RUNS = Set.of("by-registry", "by-serializer");
    private static final Path FOLDER = Lab.folder();

    private static RegistryServer registry;
    private static EmbeddedBroker broker;

    /** Closes the loop once for every run. */
    @BeforeAll
    static void train() throws Exception {
        registry = RegistryServer.shared();
        broker = EmbeddedBroker.start(FOLDER.resolve("broker"), EmbeddedBroker.ANY_PORT);
        TopicCreation.createMissing(broker.bootstrapServers());
        Map<String, String> ours = Map.of(RecordSerdes.REGISTRY_URL, registry.url());
        try (ChildProcess guard = Apart.guard(FOLDER, "guard", broker.bootstrapServers(), ours);
                ChildProcess left = Apart.sidecar(FOLDER, "by-registry", broker.bootstrapServers(), ours);
                ChildProcess right = Apart.sidecar(
                        FOLDER, "by-serializer", broker.bootstrapServers(), RegistryIT.apicurio(registry))) {
            for (String run : RUNS) {
                await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(Apart.socket(FOLDER, run)));
                train(run);
            }
            assertThat(List.of(guard, left, right)).allMatch(ChildProcess::isAlive);
        }
    }

    private static void train(String run) {
        GuardedBy guardedBy = GuardedBy.lockstep(Apart.socket(FOLDER, run), run, 1);
        TrainerJob job = TrainerJob.guarded("CS", 0, guardedBy).lasting(STEPS);
        try (TrainerProcess trainer = TrainerProcess.start(Lab.python(), job)) {
            trainer.follow(step -> {});
        }
    }

    @AfterAll
    static void stop() {
        if (broker != null) {
            broker.close();
        }
    }

    @Test
    void shouldApplyCommandsThatCameThroughTheRegistry() {
        Deserializer<InterventionOutcome> reader = RecordSerdes.of(
                        Topics.OUTCOMES, Map.of(RecordSerdes.REGISTRY_URL, registry.url()))
                .deserializer();
        Set<String> applied = new TreeSet<>();
        for (ConsumerRecord<String, byte[]> record : TopicRecords.of(broker.bootstrapServers(), Topics.OUTCOMES)) {
            InterventionOutcome outcome = reader.deserialize(record.topic(), record.value());
            if (outcome.getStatus() == OutcomeStatus.APPLIED) {
                applied.add(outcome.getRun());
            }
        }
        assertThat(applied).isEqualTo(RUNS);
        assertThat(TopicRecords.of(broker.bootstrapServers(), Topics.DEAD_LETTERS))
                .isEmpty();
    }

    @Test
    void shouldBeReadByKcat() throws Exception {
        ForeignClients.assumeKcat();
        byte[] said = ForeignClients.kcat(broker.bootstrapServers(), Topics.COMMANDS.name(), "%k %S\\n");

        List<String> expected = TopicRecords.of(broker.bootstrapServers(), Topics.COMMANDS).stream()
                .map(record -> record.key() + " " + record.value().length)
                .toList();
        assertThat(new String(said, StandardCharsets.UTF_8).lines()).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(expected).isNotEmpty();
    }

    @Test
    void shouldBeDecodedByPythonsClients() throws Exception {
        ForeignClients.assumePython();
        List<JsonNode> telemetry =
                ForeignClients.python(broker.bootstrapServers(), registry.url(), Topics.TELEMETRY.name());
        List<JsonNode> commands =
                ForeignClients.python(broker.bootstrapServers(), registry.url(), Topics.COMMANDS.name());

        assertThat(telemetry).hasSize(RUNS.size() * STEPS).allSatisfy(RegistryLoopIT::assertIsOfItsRun);
        assertThat(telemetry)
                .extracting(each -> each.at("/record/step").asInt())
                .contains(0, STEPS - 1);
        assertThat(commands).isNotEmpty().allSatisfy(RegistryLoopIT::assertIsOfItsRun);
        assertThat(commands)
                .extracting(each -> each.at("/record/kind").asText())
                .contains("APPLY_MSIGN");
    }

    private static void assertIsOfItsRun(JsonNode read) {
        assertThat(read.get("key")).isEqualTo(read.at("/record/run"));
    }
}
