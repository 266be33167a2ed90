package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;

/**
 * Puts the spectra of one step together from the records of all ranks: pipeline stages and owners of sharded weights report different matrices, replicas the
 * same ones, each at its own pace. A step is whole when every matrix known so far is there and every rank has reported, or has had its grace to. A step
 * of which a matrix is missing after the grace is partial: it is not shown to the detectors, and until a later step is whole nothing can be said about the run.
 */
final class SpectraAssembly implements Persistent {

    /** Steps gathered at a time; the oldest gives way. */
    private static final int MOST_STEPS = 32;

    private static final int NAMED = 3;

    private final int graceSteps;
    private final Roster roster;
    private final TreeMap<Long, SpectraStep> gathering = new TreeMap<>();
    private final List<Integer> missing = new ArrayList<>();
    private long lastClosed = -1;

    SpectraAssembly(int graceSteps, Roster roster) {
        this.graceSteps = graceSteps;
        this.roster = roster;
    }

    /** Takes the spectra of a record, if it brings any. */
    void take(StepTelemetry telemetry) {
        long step = telemetry.getSpectraStep();
        for (LayerSpectrum layer : telemetry.getLayers()) {
            int number = roster.enter(layer);
            if (number >= 0 && step > lastClosed) {
                gathering.computeIfAbsent(step, SpectraStep::new).add(telemetry.getProcessRank(), number, layer);
            }
        }
        while (gathering.size() > MOST_STEPS) {
            giveUp(gathering.firstEntry().getValue());
        }
    }

    /** The record of process rank 0 with the newest whole spectra, once, in the place of its own. */
    StepTelemetry assembled(StepTelemetry telemetry) {
        long now = telemetry.getStep();
        Optional<SpectraStep> newest = gathering.descendingMap().values().stream()
                .filter(gathered -> isWhole(gathered, telemetry.getWorldSize(), now))
                .findFirst();
        newest.ifPresent(whole -> {
            missing.clear();
            close(whole.step());
        });
        for (Map.Entry<Long, SpectraStep> oldest = gathering.firstEntry();
                oldest != null && now > oldest.getKey() + graceSteps;
                oldest = gathering.firstEntry()) {
            giveUp(oldest.getValue());
        }
        return StepTelemetry.newBuilder(telemetry)
                .setSpectraStep(newest.map(SpectraStep::step).orElse(-1L))
                .setLayers(newest.map(SpectraStep::spectra).orElse(List.of()))
                .build();
    }

    /** What is missing of the last step that was closed; empty when it was whole. */
    String partial() {
        if (missing.isEmpty()) {
            return "";
        }
        String named = missing.stream()
                .limit(NAMED)
                .map(number -> roster.members().get(number).name())
                .collect(Collectors.joining(", "));
        String others = missing.size() > NAMED ? " and " + (missing.size() - NAMED) + " more" : "";
        return "no rank measured " + named + others + " at step " + lastClosed;
    }

    private boolean isWhole(SpectraStep gathered, int worldSize, long now) {
        return gathered.missing(roster.members().size()).isEmpty()
                && (gathered.isFrom(worldSize) || now > gathered.step() + graceSteps);
    }

    private void giveUp(SpectraStep gathered) {
        missing.clear();
        missing.addAll(gathered.missing(roster.members().size()));
        close(gathered.step());
    }

    private void close(long step) {
        lastClosed = Math.max(lastClosed, step);
        gathering.headMap(step, true).clear();
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(lastClosed);
        out.accept(missing.size());
        missing.forEach(out::accept);
        out.accept(gathering.size());
        gathering.values().forEach(step -> step.save(out));
    }

    @Override
    public void load(DoubleSupplier in) {
        lastClosed = (long) in.getAsDouble();
        missing.clear();
        int absent = (int) in.getAsDouble();
        for (int i = 0; i < absent; i++) {
            missing.add((int) in.getAsDouble());
        }
        gathering.clear();
        int size = (int) in.getAsDouble();
        for (int i = 0; i < size; i++) {
            SpectraStep step = SpectraStep.load(roster, in);
            gathering.put(step.step(), step);
        }
    }
}
