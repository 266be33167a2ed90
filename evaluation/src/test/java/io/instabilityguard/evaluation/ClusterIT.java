package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.instabilityguard.evaluation.broker.BrokerCluster;
import io.instabilityguard.evaluation.broker.BrokerProcess;
import io.instabilityguard.evaluation.history.HistoryRecorder;
import io.instabilityguard.evaluation.history.RunHistory;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.evaluation.process.ChildProcess;
import io.instabilityguard.guard.console.ConsoleMain;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

/** Three brokers, two guards, two sidecars and two ranks of a real trainer: nine processes, some of which are killed. */
class ClusterIT {
    private static final String RUN = "two-ranks";
    private static final int PARTITIONS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(150);
    private static final Map<String, String> QUICK_TO_MISS = Map.of(
            "session.timeout.ms", "3000",
            "heartbeat.interval.ms", "500",
            "producer.transaction.timeout.ms", "5000");

    private final Path folder = Lab.folder();
    private final HistoryRecorder recorder = new HistoryRecorder(RUN);

    @Test
    void shouldGoOnCommandingBothRanksWhenTheLeaderOfTheirTopicAndTheirGuardAreKilled() throws Exception {
        try (BrokerCluster cluster = BrokerCluster.start(folder)) {
            String brokers = cluster.bootstrapServers();
            assertThat(ConsoleMain.commandLine()
                            .execute(
                                    "topics",
                                    "create",
                                    "--bootstrap-servers",
                                    brokers,
                                    "--partitions",
                                    "" + PARTITIONS))
                    .isZero();
            try (ChildProcess first = Apart.guard(folder, "guard-1", brokers, QUICK_TO_MISS);
                    ChildProcess second = Apart.guard(folder, "guard-2", brokers, QUICK_TO_MISS);
                    ChildProcess left = Apart.sidecar(folder, "sidecar-0", brokers, Map.of());
                    ChildProcess right = Apart.sidecar(folder, "sidecar-1", brokers, Map.of());
                    RunObserver observer = RunObserver.start(brokers)) {
                observer.add(recorder);
                List<ChildProcess> guards = List.of(first, second);
                await().atMost(PATIENCE).ignoreExceptions().until(() -> isShared(brokers));
                List<Path> sockets = List.of(socket("sidecar-0"), socket("sidecar-1"));
                await().atMost(PATIENCE).until(() -> sockets.stream().allMatch(Files::exists));
                try (RankedTrainer trainer = RankedTrainer.start(folder, RUN, "CS", sockets)) {
                    awaitAppliedByBoth(0);
                    long before = lastStep();
                    int partition = partition();
                    BrokerProcess leader = cluster.leader(Topics.COMMANDS.name(), partition);
                    leader.process().kill();
                    guards.get(guardOf(brokers, partition)).kill();
                    awaitAppliedByBoth(before);
                    assertThat(trainer.isAlive()).isTrue();
                    assertThat(List.of(left, right)).allMatch(ChildProcess::isAlive);
                    assertEndsAlike(trainer.end());
                }
                observer.drain(Duration.ofSeconds(10));
            }
        }
        assertAppliedAlike(recorder.history());
    }

    private Path socket(String sidecar) {
        return Apart.socket(folder, sidecar);
    }

    /** Whether each guard reads one of the two partitions. */
    private static boolean isShared(String brokers) throws Exception {
        return guardOf(brokers, 0) + guardOf(brokers, 1) == 1;
    }

    /** Index of the guard that reads this partition of the telemetry. */
    private static int guardOf(String brokers, int partition) throws Exception {
        TopicPartition wanted = new TopicPartition(Topics.TELEMETRY.name(), partition);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
            Collection<MemberDescription> members = admin.describeConsumerGroups(List.of(Apart.APPLICATION))
                    .all()
                    .get()
                    .get(Apart.APPLICATION)
                    .members();
            return members.stream()
                    .filter(member -> member.assignment().topicPartitions().contains(wanted))
                    .mapToInt(member -> member.clientId().startsWith("guard-1") ? 0 : 1)
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static int partition() {
        return Utils.toPositive(Utils.murmur2(RUN.getBytes(StandardCharsets.UTF_8))) % PARTITIONS;
    }

    private long lastStep() {
        return recorder.history().telemetry().stream()
                .mapToLong(step -> step.getStep())
                .max()
                .orElse(0);
    }

    private void awaitAppliedByBoth(long decidedAfter) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(isAppliedByBoth(decidedAfter))
                        .as(
                                "step %d, commands %s, outcomes %s",
                                lastStep(),
                                recorder.history().commands(),
                                recorder.history().outcomes())
                        .isTrue());
    }

    /** Whether both ranks have applied a command that was decided after this step. */
    private boolean isAppliedByBoth(long decidedAfter) {
        RunHistory history = recorder.history();
        return history.commands().stream()
                .filter(command -> command.getDecidedAtStep() > decidedAfter)
                .anyMatch(command -> applied(history, command).size() == 2);
    }

    private static List<InterventionOutcome> applied(RunHistory history, InterventionCommand command) {
        return history.outcomes().stream()
                .filter(outcome -> outcome.getCommandId().equals(command.getId()))
                .filter(outcome -> outcome.getStatus() == OutcomeStatus.APPLIED)
                .toList();
    }

    private static void assertEndsAlike(List<JsonNode> ranks) {
        assertThat(ranks).hasSize(2);
        assertThat(ranks.get(0)).as("steps and checksum of the weights").isEqualTo(ranks.get(1));
    }

    private static void assertAppliedAlike(RunHistory history) {
        assertThat(history.commands()).extracting(InterventionCommand::getId).doesNotHaveDuplicates();
        for (InterventionCommand command : history.commands()) {
            List<InterventionOutcome> applied = applied(history, command);
            Set<Long> steps = applied.stream().map(InterventionOutcome::getStep).collect(Collectors.toSet());
            assertThat(steps).as("steps of " + command.getId()).hasSizeLessThanOrEqualTo(1);
            assertThat(applied).extracting(InterventionOutcome::getProcessRank).doesNotHaveDuplicates();
            assertThat(applied.size())
                    .as("ranks that applied " + command.getId())
                    .isIn(0, 2);
        }
    }
}
