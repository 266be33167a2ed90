package io.instabilityguard.guard;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.anomaly.StoredWatch;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.query.FailureReason;
import org.apache.kafka.streams.query.KeyQuery;
import org.apache.kafka.streams.query.Query;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.query.RangeQuery;
import org.apache.kafka.streams.query.StateQueryRequest;
import org.apache.kafka.streams.state.KeyValueIterator;

/**
 * The stores of the active task of one partition, if it is in this process, read beside the thread that writes them.
 *
 * @param streams the process
 * @param partition the task's
 */
record TaskStores(KafkaStreams streams, int partition) {

    /** A snapshot is written every so many steps: to meet two in a row while reading is bad luck. */
    private static final int MOST_READS = 3;

    private static final byte[] NONE = {};

    /** What every task of this process says about a key of a store, by partition. A failure is said by those that are not active. */
    static Map<Integer, QueryResult<byte[]>> ofKey(KafkaStreams streams, String store, String key) {
        StateQueryRequest<byte[]> request = StateQueryRequest.inStore(store)
                .withQuery(KeyQuery.<String, byte[]>withKey(key))
                .requireActive();
        return streams.query(request).getPartitionResults();
    }

    /** Asks one store. The answer is a failure when the task is not active here. */
    private <R> QueryResult<R> ask(String store, Query<R> query) {
        StateQueryRequest<R> request = StateQueryRequest.inStore(store)
                .withQuery(query)
                .requireActive()
                .withPartitions(Set.of(partition));
        QueryResult<R> absent = QueryResult.forFailure(FailureReason.NOT_PRESENT, "the partition is not here");
        return streams.query(request).getPartitionResults().getOrDefault(partition, absent);
    }

    /** The value of a key. Errors: {@link InvalidStateStoreException} when the task is not active here. */
    <V> Optional<V> value(String store, String key) {
        return Optional.ofNullable(result(this.<V>ask(store, KeyQuery.withKey(key))));
    }

    /**
     * The watch of a run, whose snapshot was seen to be this one: it and the slots must belong together, so that it is read again when a new one was written in between. Empty
     * when that happens time and again.
     */
    Optional<StoredWatch> watch(String run, byte[] seen) {
        byte[] snapshot = seen;
        for (int i = 0; i < MOST_READS; i++) {
            Map<String, StepTelemetry> slots = slots(run);
            byte[] after =
                    this.<byte[]>value(DetectionProcessor.SNAPSHOT_STORE, run).orElse(NONE);
            if (Arrays.equals(snapshot, after)) {
                return Optional.of(new StoredWatch(run, snapshot, slots));
            }
            snapshot = after;
        }
        return Optional.empty();
    }

    private Map<String, StepTelemetry> slots(String run) {
        RangeQuery<String, StepTelemetry> query =
                RangeQuery.withRange(StoredWatch.firstSlot(run), StoredWatch.lastSlot(run));
        Map<String, StepTelemetry> slots = new TreeMap<>();
        try (KeyValueIterator<String, StepTelemetry> range = result(ask(DetectionProcessor.SLOT_STORE, query))) {
            range.forEachRemaining(entry -> slots.put(entry.key, entry.value));
        }
        return slots;
    }

    private static <R> R result(QueryResult<R> answer) {
        if (answer.isFailure()) {
            throw new InvalidStateStoreException(answer.getFailureMessage());
        }
        return answer.getResult();
    }
}
