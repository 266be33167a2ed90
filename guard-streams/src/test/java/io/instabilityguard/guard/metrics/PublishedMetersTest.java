package io.instabilityguard.guard.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.feed.FeedRecord;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.Samples;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.Verdict;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

final class PublishedMetersTest {

    private static final long LATE_MS = 40;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final PublishedMeters meters = new PublishedMeters(registry, new WatchedRuns(), Set.of("gradient-spike"));

    @Test
    void shouldShowEveryCounterFromTheStartSoThatItsFirstIncreaseIsSeen() {
        assertThat(registry.scrape())
                .contains(
                        "guard_commands_total{kind=\"APPLY_MSIGN\"} 0.0",
                        "guard_verdicts_total{verdict=\"HARMFUL\"} 0.0",
                        "guard_decisions_total{action=\"PAGE\"} 0.0",
                        "guard_dead_letters_total{stage=\"validation\"} 0.0",
                        "guard_anomalies_total{detector=\"gradient-spike\",transition=\"RAISED\"} 0.0",
                        "guard_command_latency_seconds_bucket{le=\"+Inf\"} 0");
    }

    @Test
    void shouldCountWhatIsPublishedAndHowLateACommandIs() {
        InterventionCommand command = Samples.command();
        meters.take(new FeedRecord(
                Topics.COMMANDS.name(), command.getRun(), command, command.getTimestampMs() + LATE_MS, true));
        take(Topics.DECISIONS, verdict(Verdict.HARMFUL));

        assertThat(registry.scrape())
                .contains(
                        "guard_commands_total{kind=\"" + command.getKind() + "\"} 1.0",
                        "guard_command_latency_seconds_bucket{le=\"0.025\"} 0",
                        "guard_command_latency_seconds_bucket{le=\"0.05\"} 1",
                        "guard_verdicts_total{verdict=\"HARMFUL\"} 1.0",
                        "guard_decisions_total{action=\"VERDICT\"} 1.0");
    }

    @Test
    void shouldCountNeitherCanariesNorWhatWasThereBefore() {
        Anomaly anomaly = anomaly("gradient-spike");
        meters.take(new FeedRecord(Topics.ANOMALIES.name(), "guard-canary-1", anomaly, 0, true));
        meters.take(new FeedRecord(Topics.ANOMALIES.name(), "run", anomaly, 0, false));

        assertThat(registry.scrape())
                .contains("guard_anomalies_total{detector=\"gradient-spike\",transition=\"RAISED\"} 0.0");
    }

    @Test
    void shouldNotGrowWithoutEndHoweverManyDetectorsAndStagesThereAre() {
        for (int i = 0; i < 500; i++) {
            take(Topics.ANOMALIES, anomaly("detector-" + i));
            take(Topics.DEAD_LETTERS, letter("node-" + i));
        }

        assertThat(registry.scrape().lines().filter(line -> line.startsWith("guard_anomalies_total")))
                .hasSizeLessThan(110);
        assertThat(registry.scrape())
                .contains("guard_dead_letters_total{stage=\"processing\"} 500.0")
                .doesNotContain("node-1");
    }

    private <V extends SpecificRecord> void take(Topic<V> topic, V value) {
        meters.take(new FeedRecord(topic.name(), "run", value, 0, true));
    }

    private static Anomaly anomaly(String detector) {
        Evidence evidence = Evidence.newBuilder(Samples.anomaly().getEvidence())
                .setDetector(detector)
                .build();
        return Anomaly.newBuilder(Samples.anomaly())
                .setTransition(AnomalyTransition.RAISED)
                .setEvidence(evidence)
                .build();
    }

    private static Decision verdict(Verdict verdict) {
        return Decision.newBuilder(Samples.decision())
                .setAction(DecisionAction.VERDICT)
                .setVerdict(verdict)
                .build();
    }

    private static DeadLetter letter(String stage) {
        return DeadLetter.newBuilder()
                .setTopic("topic")
                .setPartition(0)
                .setOffset(0)
                .setRecordTimestampMs(0)
                .setStage(stage)
                .setCause("because of the test")
                .setTimestampMs(0)
                .build();
    }
}
