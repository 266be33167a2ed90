package io.instabilityguard.guard;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.anomaly.WatchReport;
import io.instabilityguard.guard.intervention.DecisionProcessor;
import io.instabilityguard.guard.intervention.InterventionReport;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.guard.view.http.WatchAnswer;
import io.instabilityguard.guard.view.http.WatchSource;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyQueryMetadata;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.HostInfo;
import org.jspecify.annotations.Nullable;

/**
 * How the detectors of a run stand, by interactive queries of the stores of its active task. A standby is never asked: it lags, and what it says of a run would look like the
 * present; within seconds of a guard's death it is active itself. A run whose task is not here is with the guard that Kafka Streams' metadata names.
 */
final class WatchQueries implements WatchSource {

    private static final WatchAnswer MOVING =
            new WatchAnswer.Moving("the run is being moved to a guard, or restored by one: ask again in some seconds");

    private final KafkaStreams streams;
    private final PolicyBook policies;
    private final @Nullable HostInfo ours;

    /** Queries of a guard that has told the others that it is reached at {@code ours}; null when it has not. */
    WatchQueries(KafkaStreams streams, PolicyBook policies, @Nullable String ours) {
        this.streams = streams;
        this.policies = policies;
        this.ours = ours == null ? null : HostInfo.buildFromEndpoint(ours);
    }

    @Override
    public WatchAnswer of(String run, String layer) {
        try {
            Map<Integer, Optional<byte[]>> tasks = TaskStores.ofKey(streams, DetectionProcessor.SNAPSHOT_STORE, run);
            for (Map.Entry<Integer, Optional<byte[]>> task : tasks.entrySet()) {
                if (task.getValue().isPresent()) {
                    byte[] snapshot = task.getValue().get();
                    return here(new TaskStores(streams, task.getKey()), run, layer, snapshot);
                }
            }
            return elsewhere(run, tasks);
        } catch (InvalidStateStoreException e) { // it has just stopped, closed the store or given the task away
            return MOVING;
        }
    }

    /** No active task of this process knows the run. */
    private WatchAnswer elsewhere(String run, Map<Integer, Optional<byte[]>> tasks) {
        KeyQueryMetadata owner =
                streams.queryMetadataForKey(DetectionProcessor.SNAPSHOT_STORE, run, new StringSerializer());
        HostInfo active = owner == null ? HostInfo.unavailable() : owner.activeHost();
        boolean isReachable = active.port() > 0;
        if (isReachable && !active.equals(ours)) {
            return new WatchAnswer.At(active.host(), active.port());
        }
        if (owner != null && tasks.containsKey(owner.partition())) {
            return new WatchAnswer.Nowhere(
                    "no detectors watch a run " + run + " now: it has been silent for long, has not "
                            + "begun, or there are more runs than limits.runs of the policy");
        }
        return isReachable || streams.state() != KafkaStreams.State.RUNNING
                ? MOVING
                : new WatchAnswer.OutOfReach(
                        "this guard does not watch a run " + run + ": if another one of the same "
                                + "application does, ask its own dashboard, or let them know each other by http.advertised-address");
    }

    private WatchAnswer here(TaskStores task, String run, String layer, byte[] snapshot) {
        try {
            return task.watch(run, snapshot)
                    .flatMap(watch -> watch.report(hash -> learnedUnder(task, run, hash), policies.of(run), layer))
                    .<WatchAnswer>map(report -> new WatchAnswer.Here(report, interventions(task, run, report)))
                    .orElse(MOVING);
        } catch (IllegalArgumentException e) {
            return new WatchAnswer.Nowhere("what is stored of the run cannot be read: " + e.getMessage());
        }
    }

    private InterventionReport interventions(TaskStores task, String run, WatchReport report) {
        return InterventionReport.of(
                task.<byte[]>value(DecisionProcessor.STORE, run).orElseGet(() -> new byte[0]),
                policies.of(run),
                report.generation(),
                report.step(),
                report.usualStepMillis());
    }

    private Optional<Policy> learnedUnder(TaskStores task, String run, String hash) {
        return Stream.of(policies.of(run), policies.base())
                .filter(policy -> hash.equals(policy.hash()) || hash.equals(policy.hashAsOfV2()))
                .findFirst()
                .or(() -> task.<String>value(DetectionProcessor.POLICY_STORE, hash)
                        .flatMap(WatchQueries::restored));
    }

    private static Optional<Policy> restored(String text) {
        try {
            return Optional.of(PolicyReader.restore(text));
        } catch (PolicyException e) { // stored by another version: the guard itself has said so in its log
            return Optional.empty();
        }
    }
}
