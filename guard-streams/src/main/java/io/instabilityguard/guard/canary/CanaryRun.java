package io.instabilityguard.guard.canary;

import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A tiny synthetic run: calm steps from which the guard learns what is normal, then one whose gradient norm is fifty times the median while the loss jumps. The default policy's
 * {@code gradient-spike} and {@code loss-spike} see it; a policy that changes those for every run needs a revision for {@code guard-canary*} that does not. Canaries count in no metric of runs and
 * cause no notification.
 */
public final class CanaryRun {

    /** What ids of canaries begin with. */
    public static final String PREFIX = "guard-canary";

    /** First step that is not calm. */
    static final long PLANTED_AT = 60;

    private static final double CALM_LOSS = 2.5;
    private static final double PLANTED_LOSS = 4.5;
    private static final double PLANTED_NORM = 50;
    private static final double STEP_MILLIS = 100;

    private CanaryRun() {}

    /** Whether a run of this id is a canary. */
    public static boolean isCanary(@Nullable String run) {
        return run != null && run.startsWith(PREFIX);
    }

    /** The calm steps of one generation, all measured now. */
    static List<StepTelemetry> calm(String run, long generation, long nowMs) {
        return LongStream.range(0, PLANTED_AT)
                .mapToObj(step -> step(
                        run,
                        generation,
                        nowMs,
                        step,
                        CALM_LOSS + 0.1 * Math.sin(1.7 * step),
                        1 + 0.2 * Math.sin(2.3 * step)))
                .toList();
    }

    /** The step after them. */
    static StepTelemetry planted(String run, long generation, long nowMs) {
        return step(run, generation, nowMs, PLANTED_AT, PLANTED_LOSS, PLANTED_NORM);
    }

    private static StepTelemetry step(
            String run, long generation, long nowMs, long step, double loss, double gradientNorm) {
        return StepTelemetry.newBuilder()
                .setRun(run)
                .setGeneration(generation)
                .setProcessRank(0)
                .setWorldSize(1)
                .setStep(step)
                .setTimestampMs(nowMs)
                .setLoss(loss)
                .setGradientNorm(gradientNorm)
                .setLearningRate(1e-3)
                .setLearningRateScale(1)
                .setMaxAttentionLogit(Double.NaN)
                .setSpectraStep(-1)
                .setLayers(List.of())
                .setSkippedSamples(0)
                .setDroppedMessages(0)
                .setHookMicros(0)
                .setStepMillis(STEP_MILLIS)
                .setWaitMillis(0)
                .setAwaitsDecision(false)
                .build();
    }
}
