package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.baseline.RecentMean;
import io.instabilityguard.guard.baseline.RunningMedian;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/**
 * All that is known of one generation of one run: order of arrival, detectors, recent loss and usual time between steps. Process rank 0 speaks for
 * the run, since data-parallel replicas share weights and global gradient; records of other ranks keep it alive and in order.
 */
final class RunWatch implements Persistent {

    private static final int USUAL_STEPS = 20;
    private static final int RECENT_STEPS = 5;

    private final long generation;
    private final Roster roster;
    private final Detectors detectors;
    private final RecentMean losses = new RecentMean(RECENT_STEPS);
    private final RunningMedian stepMs = new RunningMedian(USUAL_STEPS);
    private final Map<Integer, Long> lastStepOfOthers = new HashMap<>();
    private long lastStep = -1;
    private long lastTimestampMs = -1;
    private long snapshotStep = -1;

    RunWatch(Policy policy, long generation, Roster roster) {
        this.generation = generation;
        this.roster = roster;
        this.detectors = new Detectors(policy, roster);
    }

    /** Where a record stands. */
    Arrival arrival(StepTelemetry telemetry) {
        int rank = telemetry.getProcessRank();
        long last = rank == 0 ? lastStep : lastStepOfOthers.getOrDefault(rank, -1L);
        return Arrival.of(telemetry.getGeneration(), telemetry.getStep(), generation, last);
    }

    /** Takes in the next step of rank 0. */
    List<Reading> take(StepTelemetry telemetry) {
        long steps = telemetry.getStep() - lastStep;
        if (lastTimestampMs >= 0) {
            stepMs.add(Math.max(0, telemetry.getTimestampMs() - lastTimestampMs) / (double) steps);
        }
        losses.add(telemetry.getLoss());
        lastStep = telemetry.getStep();
        lastTimestampMs = telemetry.getTimestampMs();
        return detectors.inspect(telemetry);
    }

    /** Notes the next step of another rank. */
    void note(StepTelemetry telemetry) {
        lastStepOfOthers.put(telemetry.getProcessRank(), telemetry.getStep());
        lastTimestampMs = Math.max(lastTimestampMs, telemetry.getTimestampMs());
    }

    /** Whether slots of a window of this many steps would be overwritten by {@code step} before a snapshot holds them. */
    boolean isSnapshotDue(long step, int windowSteps) {
        return step - snapshotStep >= windowSteps;
    }

    /** Notes that a snapshot holds everything up to the last step. */
    void noteSnapshot() {
        snapshotStep = lastStep;
    }

    long generation() {
        return generation;
    }

    long lastStep() {
        return lastStep;
    }

    /** Time of the last record, epoch milliseconds; -1 before the first. */
    long lastTimestampMs() {
        return lastTimestampMs;
    }

    /** Median time between steps, milliseconds; NaN when unknown. */
    double usualStepMs() {
        return stepMs.median();
    }

    /** Mean of the last losses; NaN when one of them is. */
    double recentLoss() {
        return losses.mean();
    }

    Roster roster() {
        return roster;
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(lastStep);
        out.accept(lastTimestampMs);
        losses.save(out);
        stepMs.save(out);
        detectors.save(out);
    }

    @Override
    public void load(DoubleSupplier in) {
        lastStep = (long) in.getAsDouble();
        lastTimestampMs = (long) in.getAsDouble();
        losses.load(in);
        stepMs.load(in);
        detectors.load(in);
        noteSnapshot();
    }
}
