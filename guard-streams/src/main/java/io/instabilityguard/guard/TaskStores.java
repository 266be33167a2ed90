package io.instabilityguard.guard;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.anomaly.StoredWatch;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * The stores of the active task of one partition, if it is in this process, read beside the thread that writes them: as read-only stores, since a {@code StateQueryRequest}
 * locks a store's position before the store, the writer the other way round (KAFKA-19629), so that both can wait for each other for ever.
 *
 * @param streams the process
 * @param partition the task's
 */
record TaskStores(KafkaStreams streams, int partition) {

    /** A snapshot is written every so many steps: to meet two in a row while reading is bad luck. */
    private static final int MOST_READS = 3;

    private static final byte[] NONE = {};

    /** What every active task of this process has for a key of a store, by partition; those that cannot be read now are left out. */
    static Map<Integer, Optional<byte[]>> ofKey(KafkaStreams streams, String store, String key) {
        Map<Integer, Optional<byte[]>> values = new TreeMap<>();
        streams.metadataForLocalThreads().stream()
                .flatMap(thread -> thread.activeTasks().stream())
                .map(task -> task.taskId().partition())
                .distinct()
                .forEach(partition -> {
                    try {
                        values.put(partition, new TaskStores(streams, partition).value(store, key));
                    } catch (InvalidStateStoreException e) {
                        // it is being restored or given away
                    }
                });
        return values;
    }

    /** Errors: {@link InvalidStateStoreException} when the task is not active here. */
    private <V> ReadOnlyKeyValueStore<String, V> store(String name) {
        return streams.store(StoreQueryParameters.fromNameAndType(name, QueryableStoreTypes.<String, V>keyValueStore())
                .withPartition(partition));
    }

    /** The value of a key. Errors: {@link InvalidStateStoreException} when the task is not active here. */
    <V> Optional<V> value(String store, String key) {
        return Optional.ofNullable(this.<V>store(store).get(key));
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
        Map<String, StepTelemetry> slots = new TreeMap<>();
        try (KeyValueIterator<String, StepTelemetry> range = this.<StepTelemetry>store(DetectionProcessor.SLOT_STORE)
                .range(StoredWatch.firstSlot(run), StoredWatch.lastSlot(run))) {
            range.forEachRemaining(entry -> slots.put(entry.key, entry.value));
        }
        return slots;
    }
}
