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
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyQueryMetadata;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.query.FailureReason;
import org.apache.kafka.streams.query.KeyQuery;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.state.HostInfo;
import org.jspecify.annotations.Nullable;

/**
 * How the detectors of a run stand, by interactive queries of the stores of its active task. A standby is never asked: it lags, and what it says of a run would look like the
 * present; within seconds of a guard's death it is active itself. A run whose task is not here is with the guard that Kafka Streams' metadata names.
 */
final class WatchQueries implements WatchSource {

    private static final WatchAnswer MOVING =
            new WatchAnswer.Moving("the run is being moved to a guard, or restored by one: ask again in some seconds");
    private static final Set<FailureReason> NOT_HERE = Set.of(FailureReason.NOT_PRESENT, FailureReason.NOT_ACTIVE);

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
            KeyQueryMetadata owner =
                    streams.queryMetadataForKey(DetectionProcessor.SNAPSHOT_STORE, run, new StringSerializer());
            if (owner == null || owner.partition() < 0) {
                return MOVING;
            }
            TaskStores task = new TaskStores(streams, owner.partition());
            QueryResult<byte[]> snapshot = task.ask(DetectionProcessor.SNAPSHOT_STORE, KeyQuery.withKey(run));
            if (snapshot.isSuccess()) {
                return here(task, run, layer, snapshot.getResult());
            }
            return NOT_HERE.contains(snapshot.getFailureReason()) ? elsewhere(owner.activeHost()) : MOVING;
        } catch (InvalidStateStoreException e) { // it has just stopped, closed the store or given the task away
            return MOVING;
        }
    }

    private WatchAnswer elsewhere(HostInfo active) {
        boolean isKnown = active.port() > 0;
        if (isKnown && !active.equals(ours)) {
            return new WatchAnswer.At(active.host(), active.port());
        }
        return isKnown || streams.state() != KafkaStreams.State.RUNNING
                ? MOVING
                : new WatchAnswer.OutOfReach(
                        "another guard of this application watches this run, and has not told where it "
                                + "is reached: ask its own dashboard, or set http.advertised-address in its configuration");
    }

    private WatchAnswer here(TaskStores task, String run, String layer, byte @Nullable [] snapshot) {
        if (snapshot == null) {
            return new WatchAnswer.Nowhere(
                    "no detectors watch a run " + run + " now: it has been silent for long, has not "
                            + "begun, or there are more runs than the policy's limits.runs");
        }
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
                .or(() -> task.<String>value(DetectionProcessor.POLICY_STORE, hash).flatMap(WatchQueries::restored));
    }

    private static Optional<Policy> restored(String text) {
        try {
            return Optional.of(PolicyReader.restore(text));
        } catch (PolicyException e) { // stored by another version: the guard itself has said so in its log
            return Optional.empty();
        }
    }
}
