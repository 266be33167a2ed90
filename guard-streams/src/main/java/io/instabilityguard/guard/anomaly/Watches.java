package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.mixing.MixingAssembly.Intake;
import io.instabilityguard.guard.policy.Backlog;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The watches of many runs, each under the policy that it has now: on the heap, and in the store that they are rebuilt from. */
final class Watches {

    private final PolicyStore policies;
    private final WatchStore store;
    private final Consumer<Intake> intakes;
    private final Map<String, RunWatch> watches = new TreeMap<>();

    /** Watches as they were stored; what becomes of residual mixing is told to {@code intakes}. */
    Watches(PolicyStore policies, WatchStore store, Consumer<Intake> intakes) {
        this.policies = policies;
        this.store = store;
        this.intakes = intakes;
        store.runs().forEach(this::reload);
    }

    /** How many runs are watched. */
    int size() {
        return watches.size();
    }

    boolean contains(String run) {
        return watches.containsKey(run);
    }

    /** The watch of a run; empty for an unknown one. */
    Optional<RunWatch> of(String run) {
        return Optional.ofNullable(watches.get(run));
    }

    /** Every run with its watch, as they are now. */
    List<Map.Entry<String, RunWatch>> all() {
        return new ArrayList<>(watches.entrySet());
    }

    /** Goes back to what is stored of a run. */
    void reload(String run) {
        store.load(run).ifPresentOrElse(watch -> watches.put(run, watch), () -> watches.remove(run));
    }

    void forget(String run) {
        watches.remove(run);
        store.forget(run);
    }

    /** Replaces the watch of a run. */
    RunWatch begin(String run, RunWatch watch) {
        store.writeSnapshot(run, watch);
        watches.put(run, watch);
        return watch;
    }

    /** Shows a record, which stands here and is so old, to its run's detectors. */
    StepInspected inspect(StepTelemetry telemetry, long ageMs, int partition, long offset) {
        RunWatch known = watches.get(telemetry.getRun());
        Arrival arrival = known == null ? Arrival.NEW_GENERATION : known.arrival(telemetry);
        boolean isNew = arrival == Arrival.NEW_GENERATION || arrival == Arrival.NEXT;
        RunWatch watch = present(telemetry, known, arrival);
        boolean isStale = watch.policy().backlog().isStale(ageMs);
        List<Reading> readings = isNew ? take(watch, telemetry, isStale) : List.of();
        return new StepInspected(
                watch.policy(),
                telemetry,
                arrival,
                readings,
                watch.recentLoss(),
                watch.usualStepMillis(),
                watch.traces(),
                watch.blind(),
                watch.partial(),
                isStale ? "its telemetry is %.0f s old".formatted(ageMs / 1_000.0) : "",
                readings.isEmpty() ? 0 : watch.unseen(),
                watch.lastStep(),
                watch.roster(),
                partition,
                offset);
    }

    /** The watch that takes a record: a new one for a new generation, and between two steps under the policy of now. */
    private RunWatch present(StepTelemetry telemetry, @Nullable RunWatch known, Arrival arrival) {
        if (known == null || arrival == Arrival.NEW_GENERATION) {
            Policy policy = policies.of(telemetry.getRun());
            Roster roster = new Roster(policy.limits().layers());
            return begin(telemetry.getRun(), new RunWatch(policy, telemetry.getGeneration(), roster));
        }
        return arrival == Arrival.NEXT ? underItsPolicy(telemetry.getRun(), known) : known;
    }

    private RunWatch underItsPolicy(String run, RunWatch watch) {
        Policy now = policies.of(run);
        return now.hash().equals(watch.policy().hash()) ? watch : begin(run, watch.under(now));
    }

    private List<Reading> take(RunWatch watch, StepTelemetry telemetry, boolean isStale) {
        if (isStale && watch.policy().backlog().handling() == Backlog.Handling.SKIP) {
            watch.pass(telemetry);
            return List.of();
        }
        boolean mustKeep = RunWatch.mustKeep(telemetry);
        if (mustKeep && watch.isSnapshotDue(watch.policy().limits().windowSteps())) {
            store.writeSnapshot(telemetry.getRun(), watch);
            watch.noteSnapshot();
        }
        long number = watch.kept();
        Taken taken = watch.take(telemetry);
        if (mustKeep) {
            store.writeRecord(watch, number, telemetry);
        }
        intakes.accept(taken.intake());
        return taken.readings();
    }
}
