package io.instabilityguard.guard.metrics;

import io.instabilityguard.guard.canary.CanaryRun;
import io.instabilityguard.guard.feed.FeedRecord;
import io.instabilityguard.guard.feed.Taker;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.Verdict;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;

/**
 * Counts what the guard publishes from now on: {@code guard_anomalies_total{detector,transition}}, {@code guard_commands_total{kind}}, {@code guard_decisions_total{action}}, {@code
 * guard_verdicts_total{verdict}}, {@code guard_dead_letters_total{stage}} and {@code guard_command_latency_seconds}, from the time of a step's telemetry to when the command that it led to can
 * be read. All counters are there from the start, at zero: a first increase is seen. Canaries are not counted.
 */
final class PublishedMeters implements Taker {

    private static final int MOST_DETECTORS = 100;
    private static final String OTHER = "other";
    private static final Set<String> STAGES = Set.of("verification", "validation", "deserialization");
    private static final String PROCESSING = "processing";
    private static final Duration[] LATENCY_BUCKETS = Stream.of(10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 30_000)
            .map(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final MeterRegistry registry;
    private final WatchedRuns runs;
    private final Set<String> detectors;
    private final Timer latency;

    PublishedMeters(MeterRegistry registry, WatchedRuns runs, Set<String> detectors) {
        this.registry = registry;
        this.runs = runs;
        this.detectors = new HashSet<>(detectors);
        latency = Timer.builder("guard.command.latency")
                .description("From the time of a step's telemetry to when the command that it led to can be read.")
                .serviceLevelObjectives(LATENCY_BUCKETS)
                .register(registry);
        startAtZero();
    }

    private void startAtZero() {
        detectors.forEach(detector ->
                Stream.of(AnomalyTransition.values()).forEach(transition -> anomalies(detector, transition)));
        Stream.of(InterventionKind.values()).forEach(this::commands);
        Stream.of(DecisionAction.values()).forEach(this::decisions);
        Stream.of(Verdict.values()).forEach(this::verdicts);
        Stream.concat(STAGES.stream(), Stream.of(PROCESSING)).forEach(this::deadLetters);
    }

    @Override
    public boolean take(FeedRecord record) {
        String key = record.key();
        if (CanaryRun.isCanary(key)) {
            return true;
        }
        if (key != null && record.topic().equals(Topics.RUNS.name())) {
            runs.take(key, (RunState) record.value(), record.arrivedAtMs());
        } else if (record.isNews() && record.value() != null) {
            count(record.value(), record.arrivedAtMs());
        }
        return true;
    }

    private void count(SpecificRecord value, long arrivedAtMs) {
        if (value instanceof Anomaly anomaly) {
            anomalies(known(anomaly.getEvidence().getDetector()), anomaly.getTransition())
                    .increment();
        } else if (value instanceof InterventionCommand command) {
            commands(command.getKind()).increment();
            latency.record(Math.max(0, arrivedAtMs - command.getTimestampMs()), TimeUnit.MILLISECONDS);
        } else if (value instanceof Decision decision) {
            count(decision);
        } else if (value instanceof DeadLetter letter) {
            String stage = letter.getStage();
            deadLetters(STAGES.contains(stage) ? stage : PROCESSING).increment();
        }
    }

    private void count(Decision decision) {
        decisions(decision.getAction()).increment();
        if (decision.getAction() == DecisionAction.VERDICT) {
            verdicts(decision.getVerdict()).increment();
        }
    }

    /** Whoever may write a policy may name detectors without end. */
    private String known(String detector) {
        if (detectors.size() < MOST_DETECTORS) {
            detectors.add(detector);
        }
        return detectors.contains(detector) ? detector : OTHER;
    }

    private Counter anomalies(String detector, AnomalyTransition transition) {
        return Counter.builder("guard.anomalies")
                .description("Anomalies that were raised, escalated and cleared.")
                .tags("detector", detector, "transition", transition.name())
                .register(registry);
    }

    private Counter commands(InterventionKind kind) {
        return counter("guard.commands", "Commands sent.", "kind", kind.name());
    }

    private Counter decisions(DecisionAction action) {
        return counter("guard.decisions", "Decisions, also to do nothing.", "action", action.name());
    }

    private Counter verdicts(Verdict verdict) {
        return counter("guard.verdicts", "Applied commands that were judged.", "verdict", verdict.name());
    }

    private Counter deadLetters(String stage) {
        return counter("guard.dead.letters", "Records that could not be read or processed.", "stage", stage);
    }

    private Counter counter(String name, String description, String tag, String value) {
        return Counter.builder(name).description(description).tag(tag, value).register(registry);
    }
}
