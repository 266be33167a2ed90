package io.instabilityguard.guard.view.board;

import io.instabilityguard.guard.mixing.MixingAssembly;
import io.instabilityguard.guard.mixing.MixingGains;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of one run. One line per scalar is that of rank 0; the other ranks widen its band. When a new generation of the trainer begins at an earlier
 * step, the steps from there on are forgotten, since they are trained anew. For one thread that fills it and any number that look.
 */
public final class RunBoard {

    private static final int POINTS = 1_024;
    private static final int MOST_SCALARS = 24;
    private static final int MOST_ENTRIES = 2_000;
    private static final int MIXING_GRACE_STEPS = 50;

    private final Trajectory scalars = new Trajectory(POINTS, MOST_SCALARS);
    private final LayerHistory layers = new LayerHistory();
    private final KoopmanSpectra koopman = new KoopmanSpectra();
    private final Entries entries = new Entries(MOST_ENTRIES);
    private MixingAssembly mixing = new MixingAssembly(MIXING_GRACE_STEPS);
    private long generation = Long.MIN_VALUE;
    private long lastStep = -1;
    private long lastSeenMs;

    /** Takes a step; one of an older generation is left out. */
    public synchronized void take(StepTelemetry telemetry) {
        if (telemetry.getGeneration() < generation) {
            return;
        }
        if (telemetry.getGeneration() > generation) {
            begin(telemetry);
        }
        lastStep = Math.max(lastStep, telemetry.getStep());
        lastSeenMs = Math.max(lastSeenMs, telemetry.getTimestampMs());
        takeScalars(telemetry);
        layers.take(telemetry);
        for (KoopmanProfile profile : telemetry.getKoopman()) {
            koopman.take(telemetry.getProfilesStep(), profile);
        }
        mixing.take(telemetry);
        mixing.complete(telemetry.getStep()).ifPresent(this::takeGains);
    }

    private void begin(StepTelemetry first) {
        generation = first.getGeneration();
        lastStep = first.getStep();
        scalars.cutFrom(first.getStep());
        layers.cutFrom(first.getStep());
        koopman.clear();
        mixing = new MixingAssembly(MIXING_GRACE_STEPS);
        entries.add(
                number -> new Entry.Attached(number, first.getStep(), first.getTimestampMs(), first.getGeneration()));
    }

    private void takeScalars(StepTelemetry telemetry) {
        takeScalar(telemetry, "loss", telemetry.getLoss());
        takeScalar(telemetry, "gradientNorm", telemetry.getGradientNorm());
        takeScalar(telemetry, "learningRate", telemetry.getLearningRate());
        takeScalar(telemetry, "learningRateScale", telemetry.getLearningRateScale());
        takeScalar(telemetry, "maxAttentionLogit", telemetry.getMaxAttentionLogit());
        takeScalar(telemetry, "stepMillis", telemetry.getStepMillis());
        takeScalar(telemetry, "hookMicros", telemetry.getHookMicros());
    }

    private void takeScalar(StepTelemetry telemetry, String name, double value) {
        if (telemetry.getProcessRank() == 0) {
            scalars.put(telemetry.getStep(), name, value);
        } else {
            scalars.widen(telemetry.getStep(), name, value);
        }
    }

    private void takeGains(MixingGains gains) {
        scalars.put(gains.step(), "forwardGain", MixingGains.saturated(gains.logForward()));
        scalars.put(gains.step(), "backwardGain", MixingGains.saturated(gains.logBackward()));
        scalars.put(gains.step(), "unprojectedGain", MixingGains.saturated(gains.logUnprojected()));
        scalars.put(gains.step(), "sinkhornResidual", gains.sinkhornResidual());
    }

    /** Takes an anomaly's transition. */
    public synchronized void take(Anomaly anomaly) {
        entries.add(number -> Entry.of(number, anomaly));
    }

    /** Takes a command. */
    public synchronized void take(InterventionCommand command) {
        entries.add(number -> Entry.of(number, command));
    }

    /** Takes an outcome. */
    public synchronized void take(InterventionOutcome outcome) {
        entries.add(number -> Entry.of(number, outcome));
    }

    /** Takes a decision. */
    public synchronized void take(Decision decision) {
        entries.add(number -> Entry.of(number, decision));
    }

    /** Last step of the present generation; -1 when no telemetry has been seen. */
    public synchronized long lastStep() {
        return lastStep;
    }

    /** When the last telemetry was made, epoch milliseconds; 0 when none has been seen. */
    public synchronized long lastSeenMs() {
        return lastSeenMs;
    }

    /** The last number of a scalar; NaN when there is none. */
    public synchronized double latest(String scalar) {
        return scalars.latest(scalar);
    }

    /** Names of the scalars that have a value. */
    public synchronized List<String> scalars() {
        return List.copyOf(scalars.names());
    }

    /** Scalars against the step, from the point that holds {@code since} on. */
    public synchronized Points scalars(Collection<String> names, long since) {
        return scalars.points(since, names);
    }

    /** Names of the statistics of layers. */
    public synchronized List<String> statistics() {
        return layers.names();
    }

    /** One statistic of all layers against the step; null when it is not known. */
    public synchronized @Nullable Points statistic(String name) {
        return layers.statistic(name);
    }

    /** All statistics of one layer against the step; none when the layer is not known. */
    public synchronized Map<String, Points> layer(String name) {
        return layers.layer(name);
    }

    /** The newest Koopman spectrum of every block, by depth. */
    public synchronized List<KoopmanSpectra.Spectrum> koopman() {
        return koopman.spectra();
    }

    /** Entries older than the one of number {@code after}, or any when it is not known, newest first. */
    public synchronized Page<Entry> entries(Predicate<Entry> wanted, long after, int limit) {
        return entries.page(wanted, after, limit);
    }

    /** What applying a kind of command has cost this run so far. */
    public synchronized MeasuredCost cost(String kind) {
        List<Double> millis = new ArrayList<>();
        entries.stream().forEach(entry -> {
            if (entry instanceof Entry.Answered answered
                    && answered.kind().equals(kind)
                    && answered.status().equals(OutcomeStatus.APPLIED.name())
                    && Double.isFinite(answered.hookMillis())) {
                millis.add(answered.hookMillis());
            }
        });
        double mean = millis.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
        return new MeasuredCost(millis.size(), mean, mean / scalars.latest("stepMillis"));
    }

    /** Heap that it holds, about. */
    public synchronized long bytes() {
        return scalars.bytes() + layers.bytes() + koopman.bytes() + entries.bytes();
    }

    /**
     * What commands of one kind have cost.
     *
     * @param applications how many were applied and measured
     * @param millis how long the trainer stood still, on average; NaN when none was
     * @param steps the same in steps of the present length
     */
    public record MeasuredCost(int applications, double millis, double steps) {}
}
