package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.Telemetry;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the stores hold after some steps, for tests. */
public final class StoredWatches {

    private StoredWatches() {}

    /** After these steps of rank 0 of one run, the first of which begins it: a snapshot is made whenever one is due, as the processor does. */
    static StoredWatch after(Policy policy, List<StepTelemetry> steps) {
        RunWatch watch = new RunWatch(policy, Telemetry.GENERATION, new Roster(100));
        byte[] snapshot = WatchSnapshot.of(watch);
        Map<String, StepTelemetry> slots = new TreeMap<>();
        for (StepTelemetry step : steps) {
            if (watch.isSnapshotDue(policy.limits().windowSteps())) {
                snapshot = WatchSnapshot.of(watch);
                watch.noteSnapshot();
            }
            slots.put(WatchStore.slot(Telemetry.RUN, watch, watch.kept()), step);
            watch.take(step);
        }
        return new StoredWatch(Telemetry.RUN, snapshot, slots);
    }

    /** How everything stands after these steps. */
    public static WatchReport report(Policy policy, List<StepTelemetry> steps, String layer) {
        return after(policy, steps)
                .report(hash -> Optional.of(policy), policy, layer)
                .orElseThrow();
    }
}
