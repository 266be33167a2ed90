package io.instabilityguard.guard.anomaly;

import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps watches in two stores: a snapshot per run every {@code windowSteps} records, and one slot per record since then, keyed (run, number of the record
 * mod window). A watch is the snapshot with the slots replayed through it in the order of their arrival: one small write per step, and nothing is lost with the
 * heap. A snapshot that cannot be read is dropped with what belongs to it: the run is then watched as if it were new.
 */
final class WatchStore {

    private static final Logger LOG = LoggerFactory.getLogger(WatchStore.class);

    /** Numbers of slots start here, so that all have as many digits and sort as numbers do. */
    private static final int FIRST_SLOT = 1_000_000;

    private static final int LAST_SLOT = 999_999;

    private final PolicyStore policies;
    private final KeyValueStore<String, byte[]> snapshots;
    private final KeyValueStore<String, StepTelemetry> slots;

    WatchStore(
            PolicyStore policies, KeyValueStore<String, byte[]> snapshots, KeyValueStore<String, StepTelemetry> slots) {
        this.policies = policies;
        this.snapshots = snapshots;
        this.slots = slots;
    }

    /** Every run that has a snapshot. */
    List<String> runs() {
        List<String> runs = new ArrayList<>();
        try (KeyValueIterator<String, byte[]> all = snapshots.all()) {
            all.forEachRemaining(entry -> runs.add(entry.key));
        }
        return runs;
    }

    /** The watch of a run as it was after the last step written. */
    Optional<RunWatch> load(String run) {
        byte[] bytes = snapshots.get(run);
        if (bytes == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(replay(run, WatchSnapshot.restore(bytes, policies::learnedUnder, policies.of(run))));
        } catch (IllegalArgumentException e) {
            LOG.warn(
                    "the baselines of run {} are dropped and learned anew, since what was stored of them cannot be read: {}",
                    run,
                    e.getMessage());
            forget(run);
            return Optional.empty();
        }
    }

    private RunWatch replay(String run, RunWatch watch) {
        return StoredWatch.replay(watch, number -> slots.get(slot(run, watch, number)), Long.MAX_VALUE);
    }

    void writeSnapshot(String run, RunWatch watch) {
        policies.keep(watch.policy());
        snapshots.put(run, WatchSnapshot.of(watch));
    }

    /** Writes the record with this number since the generation began. */
    void writeRecord(RunWatch watch, long number, StepTelemetry telemetry) {
        slots.put(slot(telemetry.getRun(), watch, number), telemetry);
    }

    void forget(String run) {
        entries(run).forEach(entry -> slots.delete(entry.key));
        snapshots.delete(run);
    }

    private List<KeyValue<String, StepTelemetry>> entries(String run) {
        List<KeyValue<String, StepTelemetry>> entries = new ArrayList<>();
        try (KeyValueIterator<String, StepTelemetry> range = slots.range(firstKey(run), lastKey(run))) {
            range.forEachRemaining(entries::add);
        }
        return entries;
    }

    /** Key of the slot of the record with this number. */
    static String slot(String run, RunWatch watch, long number) {
        return key(run, number % windowOf(watch));
    }

    static String firstKey(String run) {
        return key(run, 0);
    }

    static String lastKey(String run) {
        return key(run, LAST_SLOT);
    }

    private static int windowOf(RunWatch watch) {
        return watch.policy().limits().windowSteps();
    }

    /** No run contains a slash, so that runs cannot reach into each other's slots. */
    private static String key(String run, long slot) {
        return run + "/" + (FIRST_SLOT + slot);
    }
}
