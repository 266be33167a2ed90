package io.instabilityguard.guard.anomaly;

import static java.util.Objects.requireNonNull;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.baseline.RecentMean;
import io.instabilityguard.guard.baseline.RunningMedian;
import io.instabilityguard.guard.mixing.MixingAssembly;
import io.instabilityguard.guard.mixing.MixingGains;
import io.instabilityguard.guard.policy.InterventionPolicy.Expectation;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.Quantity;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/**
 * All that is known of one generation of one run: order of arrival, detectors, recent loss and usual time between steps. Process rank 0 speaks for
 * the run, since data-parallel replicas share weights and global gradient; records of other ranks keep it alive and in order, and bring the spectra and the
 * residual mixing of their pipeline stages and shards.
 */
final class RunWatch implements Persistent {

    private static final int USUAL_STEPS = 20;
    private static final int RECENT_STEPS = 5;

    private final Policy policy;
    private final long generation;
    private final Roster roster;
    private final Detectors detectors;
    private final RecentMean losses = new RecentMean(RECENT_STEPS);
    private final RunningMedian stepMs = new RunningMedian(USUAL_STEPS);
    private final RunningMedian stepMillis = new RunningMedian(USUAL_STEPS);
    private final Map<Integer, Long> lastStepOfOthers = new TreeMap<>();
    private final MixingAssembly mixing;
    private final SpectraAssembly spectra;
    private final Map<String, Trace> traces = new TreeMap<>();
    private long lastStep = -1;
    private long lastTimestampMs = -1;
    private long kept;
    private long keptAtSnapshot;
    private long stride = 1;
    private long passed;
    private long unseen;

    RunWatch(Policy policy, long generation, Roster roster) {
        this.policy = policy;
        this.generation = generation;
        this.roster = roster;
        this.detectors = new Detectors(policy, roster);
        this.mixing = new MixingAssembly(policy.limits().mixingGraceSteps());
        this.spectra = new SpectraAssembly(policy.limits().mixingGraceSteps(), roster);
        expectations(policy).forEach((name, quantity) -> traces.put(name, new Trace(quantity)));
    }

    private static Map<String, Quantity> expectations(Policy policy) {
        Map<String, Quantity> quantities = new TreeMap<>();
        policy.interventions().forEach((name, rung) -> {
            Expectation expects = rung.verdict().expects();
            if (expects != null) {
                quantities.put(name, expects.quantity());
            }
        });
        return quantities;
    }

    /** The same watch under another policy: what fits is kept, what has changed begins anew. */
    RunWatch under(Policy other) {
        RunWatch next = new RunWatch(
                other, generation, roster.withRoomFor(other.limits().layers()));
        next.lastStep = lastStep;
        next.lastTimestampMs = lastTimestampMs;
        next.lastStepOfOthers.putAll(lastStepOfOthers);
        next.stride = stride;
        next.passed = passed;
        losses.copyTo(next.losses);
        stepMs.copyTo(next.stepMs);
        stepMillis.copyTo(next.stepMillis);
        mixing.copyTo(next.mixing);
        spectra.copyTo(next.spectra);
        next.detectors.goOnFrom(detectors);
        expectations(other).forEach((name, quantity) -> {
            if (quantity.equals(expectations(policy).get(name))) {
                requireNonNull(traces.get(name)).copyTo(requireNonNull(next.traces.get(name)));
            }
        });
        next.resumeAt(kept);
        return next;
    }

    /** Notes the position of a step that is not looked at. */
    void pass(StepTelemetry telemetry) {
        if (telemetry.getProcessRank() == 0) {
            passed += lastStep < 0 ? 1 : telemetry.getStep() - lastStep;
            lastStep = telemetry.getStep();
        } else {
            lastStepOfOthers.put(telemetry.getProcessRank(), telemetry.getStep());
        }
        lastTimestampMs = Math.max(lastTimestampMs, telemetry.getTimestampMs());
    }

    /** Where a record stands. */
    Arrival arrival(StepTelemetry telemetry) {
        int rank = telemetry.getProcessRank();
        long last = rank == 0 ? lastStep : lastStepOfOthers.getOrDefault(rank, -1L);
        return Arrival.of(telemetry.getGeneration(), telemetry.getStep(), generation, last);
    }

    /** Whether a record changes what is learned, so that it must be kept until the next snapshot. */
    static boolean mustKeep(StepTelemetry telemetry) {
        return telemetry.getProcessRank() == 0
                || !telemetry.getMixing().isEmpty()
                || !telemetry.getLayers().isEmpty();
    }

    /** Takes in the next step of a rank; only steps of rank 0 give readings. */
    Taken take(StepTelemetry telemetry) {
        Taken taken = show(telemetry);
        detectors.learn();
        return taken;
    }

    /** As {@link #take}, but nothing is learned. */
    Taken show(StepTelemetry telemetry) {
        kept += mustKeep(telemetry) ? 1 : 0;
        MixingAssembly.Intake intake = mixing.take(telemetry);
        if (telemetry.getWorldSize() > 1) {
            spectra.take(telemetry);
        }
        if (telemetry.getProcessRank() == 0) {
            return judge(telemetry, intake);
        }
        lastStepOfOthers.put(telemetry.getProcessRank(), telemetry.getStep());
        lastTimestampMs = Math.max(lastTimestampMs, telemetry.getTimestampMs());
        return new Taken(intake, List.of(), null);
    }

    private Taken judge(StepTelemetry telemetry, MixingAssembly.Intake intake) {
        long steps = telemetry.getStep() - lastStep;
        if (lastTimestampMs >= 0) {
            stepMs.add(Math.max(0, telemetry.getTimestampMs() - lastTimestampMs) / (double) steps);
        }
        noteUnseen(steps);
        noteStepMillis(telemetry);
        losses.add(telemetry.getLoss());
        lastStep = telemetry.getStep();
        lastTimestampMs = telemetry.getTimestampMs();
        MixingGains gains = mixing.complete(lastStep).orElse(null);
        StepTelemetry whole = telemetry.getWorldSize() > 1 ? spectra.assembled(telemetry) : telemetry;
        Observation observation = new Observation(whole, gains, mixing.abstains());
        traces.values().forEach(trace -> trace.take(observation));
        List<Reading> readings = detectors.judge(observation);
        return new Taken(intake, partial().isEmpty() ? readings : Reading.allAbsent(readings), observation);
    }

    private void noteUnseen(long steps) {
        unseen = passed + (lastStep < 0 ? 0 : Math.max(0, steps - stride));
        stride = lastStep < 0 ? 1 : steps;
        passed = 0;
    }

    /** Steps before the last one that were not looked at although it is usual: they were lost, or skipped. */
    long unseen() {
        return unseen;
    }

    /** Why nothing can be said about the run although it is heard of; empty when that is not so. */
    String partial() {
        return unseen >= policy.blindness().silentSteps()
                ? unseen + " steps before step " + lastStep + " were not seen"
                : spectra.partial();
    }

    Policy policy() {
        return policy;
    }

    private void noteStepMillis(StepTelemetry telemetry) {
        double waited = telemetry.getWaitMillis() > 0 ? telemetry.getWaitMillis() : 0;
        double millis = telemetry.getStepMillis() - waited;
        if (millis > 0 && Double.isFinite(millis)) {
            stepMillis.add(millis);
        }
    }

    /** Whether one more record in a window of this many would overwrite one that no snapshot holds. */
    boolean isSnapshotDue(int window) {
        return kept - keptAtSnapshot >= window;
    }

    /** Notes that a snapshot holds everything up to now. */
    void noteSnapshot() {
        keptAtSnapshot = kept;
    }

    /** Number of records taken in this generation that had to be kept. */
    long kept() {
        return kept;
    }

    /** Goes on counting from where a snapshot was made. */
    void resumeAt(long number) {
        kept = number;
        keptAtSnapshot = number;
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

    /** Median time of a step, deliberate waits excluded, milliseconds; NaN when unknown. */
    double usualStepMillis() {
        return stepMillis.median();
    }

    /** Recent values of what the interventions should move, by intervention. */
    Map<String, Trace> traces() {
        return Collections.unmodifiableMap(traces);
    }

    /** Signals whose silence is no evidence of health, each with the reason. */
    List<String> blind() {
        return detectors.blind();
    }

    /** Mean of the last losses; NaN when one of them is. */
    double recentLoss() {
        return losses.mean();
    }

    Roster roster() {
        return roster;
    }

    Detectors detectors() {
        return detectors;
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(lastStep);
        out.accept(lastTimestampMs);
        losses.save(out);
        stepMs.save(out);
        stepMillis.save(out);
        out.accept(lastStepOfOthers.size());
        lastStepOfOthers.forEach((rank, step) -> {
            out.accept(rank);
            out.accept(step);
        });
        mixing.save(out);
        traces.values().forEach(trace -> trace.save(out));
        detectors.save(out);
        spectra.save(out);
        detectors.saveBeginnings(out);
        out.accept(stride);
        out.accept(passed);
    }

    @Override
    public void load(DoubleSupplier in) {
        lastStep = (long) in.getAsDouble();
        lastTimestampMs = (long) in.getAsDouble();
        losses.load(in);
        stepMs.load(in);
        stepMillis.load(in);
        int others = (int) in.getAsDouble();
        for (int i = 0; i < others; i++) {
            lastStepOfOthers.put((int) in.getAsDouble(), (long) in.getAsDouble());
        }
        mixing.load(in);
        traces.values().forEach(trace -> trace.load(in));
        detectors.load(in);
        spectra.load(in);
        detectors.loadBeginnings(in);
        stride = Math.max(1, (long) in.getAsDouble());
        passed = (long) in.getAsDouble();
    }
}
