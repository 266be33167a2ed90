package io.instabilityguard.guard.mixing;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.schemas.ResidualMixing;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/**
 * Gathers the mixing layers of sampled steps from the records of all ranks until a step has all of them; pipeline stages report theirs in their own records and
 * at their own pace. A step of which a layer is missing after the grace, on whose number or size of layers the ranks disagree, or with a matrix that
 * is not finite, has no gains: they are unknown, never guessed from the rest.
 */
public final class MixingAssembly implements Persistent {

    /** Steps gathered at a time; the oldest gives way. */
    private static final int MOST_STEPS = 32;

    private final int graceSteps;
    private final TreeMap<Long, MixingStep> gathering = new TreeMap<>();
    private long lastClosed = -1;
    private boolean abstains;

    /** An empty assembly that waits so many steps for late ranks. */
    public MixingAssembly(int graceSteps) {
        this.graceSteps = graceSteps;
    }

    /** What became of the layers in a record. */
    public enum Intake {
        /** It held none. */
        NONE,
        /** Taken. */
        TAKEN,
        /** Their step is closed. */
        LATE,
        /** Ranks disagree, or a number is not finite: their step is given up. */
        REFUSED
    }

    /** Takes the layers of a validated record. */
    public Intake take(StepTelemetry telemetry) {
        if (telemetry.getMixing().isEmpty()) {
            return Intake.NONE;
        }
        long step = telemetry.getProfilesStep();
        if (step <= lastClosed) {
            return Intake.LATE;
        }
        ResidualMixing first = telemetry.getMixing().get(0);
        MixingStep gathered =
                gathering.computeIfAbsent(step, unknown -> new MixingStep(unknown, first.getTotal(), first.getSize()));
        while (gathering.size() > MOST_STEPS) {
            close(gathering.firstKey());
            abstains = true;
        }
        return add(gathered, telemetry, first) ? Intake.TAKEN : Intake.REFUSED;
    }

    private static boolean add(MixingStep gathered, StepTelemetry telemetry, ResidualMixing first) {
        if (!gathered.agrees(first.getTotal(), first.getSize())) {
            gathered.refuse();
        }
        for (ResidualMixing mixing : telemetry.getMixing()) {
            MixingLayer layer = MixingLayer.of(telemetry.getProcessRank(), mixing);
            if (!layer.isFinite()) {
                gathered.refuse();
            }
            if (!gathered.isRefused()) {
                gathered.add(mixing.getOrder(), layer);
            }
        }
        return !gathered.isRefused();
    }

    /** The gains of the newest complete step not after {@code now}, once; older steps are closed with it, and so are those whose grace is over. */
    public Optional<MixingGains> complete(long now) {
        Optional<MixingStep> newest = gathering.headMap(now, true).descendingMap().values().stream()
                .filter(MixingStep::isComplete)
                .findFirst();
        newest.ifPresent(step -> close(step.step()));
        abstains = newest.isEmpty() && abstains;
        closeHopeless(now);
        return newest.map(step -> CompositeGain.of(step.step(), step.inOrder()));
    }

    /** Whether the last step that was closed had no gains. */
    public boolean abstains() {
        return abstains;
    }

    private void closeHopeless(long now) {
        for (Map.Entry<Long, MixingStep> oldest = gathering.firstEntry();
                oldest != null && (oldest.getValue().isRefused() || now > oldest.getKey() + graceSteps);
                oldest = gathering.firstEntry()) {
            close(oldest.getKey());
            abstains = true;
        }
    }

    private void close(long step) {
        lastClosed = Math.max(lastClosed, step);
        gathering.headMap(step, true).clear();
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(lastClosed);
        out.accept(abstains ? 1 : 0);
        out.accept(gathering.size());
        gathering.values().forEach(step -> step.save(out));
    }

    @Override
    public void load(DoubleSupplier in) {
        lastClosed = (long) in.getAsDouble();
        abstains = in.getAsDouble() != 0;
        gathering.clear();
        int size = (int) in.getAsDouble();
        for (int i = 0; i < size; i++) {
            MixingStep step = MixingStep.load(in);
            gathering.put(step.step(), step);
        }
    }
}
