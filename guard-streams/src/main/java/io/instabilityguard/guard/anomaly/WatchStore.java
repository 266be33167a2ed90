package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Keeps watches in two stores: a snapshot per run every {@code windowSteps} steps, and one slot per step since then, keyed (run, step mod
 * window). A watch is the snapshot with the slots replayed through it: one small write per step, and nothing is lost with the heap.
 */
final class WatchStore {

    /** Numbers of slots start here, so that all have as many digits and sort as numbers do. */
    private static final int FIRST_SLOT = 1_000_000;

    private final Policy policy;
    private final KeyValueStore<String, byte[]> snapshots;
    private final KeyValueStore<String, StepTelemetry> slots;

    WatchStore(Policy policy, KeyValueStore<String, byte[]> snapshots, KeyValueStore<String, StepTelemetry> slots) {
        this.policy = policy;
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
        return Optional.ofNullable(snapshots.get(run)).map(bytes -> {
            RunWatch watch = WatchSnapshot.restore(bytes, policy);
            stepsSince(watch, run).forEach(watch::take);
            return watch;
        });
    }

    void writeSnapshot(String run, RunWatch watch) {
        snapshots.put(run, WatchSnapshot.of(watch, policy));
    }

    void writeStep(StepTelemetry telemetry) {
        slots.put(slot(telemetry.getRun(), telemetry.getStep()), telemetry);
    }

    void forget(String run) {
        entries(run).forEach(entry -> slots.delete(entry.key));
        snapshots.delete(run);
    }

    private List<StepTelemetry> stepsSince(RunWatch watch, String run) {
        return entries(run).stream()
                .map(entry -> entry.value)
                .filter(step -> step.getGeneration() == watch.generation() && step.getStep() > watch.lastStep())
                .sorted(Comparator.comparingLong(StepTelemetry::getStep))
                .toList();
    }

    private List<KeyValue<String, StepTelemetry>> entries(String run) {
        List<KeyValue<String, StepTelemetry>> entries = new ArrayList<>();
        try (KeyValueIterator<String, StepTelemetry> range =
                slots.range(key(run, 0), key(run, policy.limits().windowSteps() - 1))) {
            range.forEachRemaining(entries::add);
        }
        return entries;
    }

    private String slot(String run, long step) {
        return key(run, step % policy.limits().windowSteps());
    }

    /** No run contains a slash, so that runs cannot reach into each other's slots. */
    private static String key(String run, long slot) {
        return run + "/" + (FIRST_SLOT + slot);
    }
}
