package io.instabilityguard.evaluation.failover;

import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;

/**
 * Runs that live at the same time, each of which must be answered by one command: all are calm but for one spike each, and spike one after another.
 *
 * @param runs number of runs
 * @param spacing steps between the spike of one run and that of the next
 * @param stepMillis time between two steps of every run
 */
public record FailoverPlan(int runs, int spacing, int stepMillis) {
    /** Steps before the first spike: the detectors' warm-up and some more. */
    private static final int CALM_STEPS = 80;

    /** Steps after the last spike. */
    private static final int LAST_STEPS = 20;

    private static final String PREFIX = "failover-";

    /** Two hundred runs, four steps a second each, for about 75 seconds. */
    public static final FailoverPlan FULL = new FailoverPlan(200, 1, 250);

    /** Steps of every run. */
    int steps() {
        return CALM_STEPS + runs * spacing + LAST_STEPS;
    }

    /** The step at which the guard is killed: when about half of the runs have had their spike. */
    int killStep() {
        return CALM_STEPS + runs / 2 * spacing;
    }

    /** The step at which a run spikes. */
    int spikeStep(int run) {
        return CALM_STEPS + run * spacing;
    }

    /** Id of a run. */
    static String name(int run) {
        return PREFIX + run;
    }

    /** Number of the run with this id. */
    static int number(String name) {
        return Integer.parseInt(name.substring(PREFIX.length()));
    }

    /** What a run reports at a step. */
    StepTelemetry telemetry(int run, int step, long generation, long nowMs) {
        boolean spikes = step == spikeStep(run);
        return StepTelemetry.newBuilder()
                .setRun(name(run))
                .setGeneration(generation)
                .setProcessRank(0)
                .setWorldSize(1)
                .setStep(step)
                .setTimestampMs(nowMs)
                .setLoss(spikes ? 3.5 : 2.5 + 0.1 * Math.sin(1.7 * step + run))
                .setGradientNorm(spikes ? 50 : 1 + 0.2 * Math.sin(2.3 * step + run))
                .setLearningRate(1e-3)
                .setLearningRateScale(1)
                .setMaxAttentionLogit(Double.NaN)
                .setSpectraStep(-1)
                .setLayers(List.of())
                .setSkippedSamples(0)
                .setDroppedMessages(0)
                .setHookMicros(10)
                .setStepMillis(stepMillis)
                .setWaitMillis(0)
                .setAwaitsDecision(false)
                .build();
    }
}
