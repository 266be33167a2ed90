package io.instabilityguard.guard;

import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;

/** Makes records for tests: a calm run, unless said otherwise. */
public final class Telemetry {

    /** The run that records are about. */
    public static final String RUN = "run-1";

    /** Its generation. */
    public static final long GENERATION = 1_000;

    /** Time of step 0, epoch milliseconds. */
    public static final long START_MS = 1_700_000_000_000L;

    /** Time between two steps, milliseconds. */
    public static final long STEP_MS = 100;

    private Telemetry() {}

    /** A calm step: loss about 2.5, gradient norm about 1, logit about 5, each with a small deterministic wobble. */
    public static StepTelemetry.Builder calm(long step) {
        return StepTelemetry.newBuilder()
                .setRun(RUN)
                .setGeneration(GENERATION)
                .setProcessRank(0)
                .setWorldSize(1)
                .setStep(step)
                .setTimestampMs(START_MS + step * STEP_MS)
                .setLoss(2.5 + 0.1 * Math.sin(1.7 * step))
                .setGradientNorm(1 + 0.2 * Math.sin(2.3 * step))
                .setLearningRate(1e-3)
                .setLearningRateScale(1)
                .setMaxAttentionLogit(5 + Math.sin(step))
                .setSpectraStep(-1)
                .setLayers(List.of())
                .setSkippedSamples(0)
                .setDroppedMessages(0)
                .setHookMicros(10)
                .setStepMillis(STEP_MS)
                .setWaitMillis(0)
                .setAwaitsDecision(false);
    }

    /** A step whose gradient norm, and the loss with it, is far out. */
    public static StepTelemetry spike(long step) {
        return calm(step).setGradientNorm(50).setLoss(3.5).build();
    }

    /** A calm step that brings spectra with these Frobenius norms of one query and one perceptron matrix. */
    public static StepTelemetry.Builder sampled(long step, double attentionNorm, double perceptronNorm) {
        return calm(step)
                .setSpectraStep(step)
                .setLayers(List.of(
                        layer("blocks.0.attention.query", MatrixRole.QUERY, attentionNorm, 8),
                        layer("blocks.0.mlp.up", MatrixRole.MLP_UP, perceptronNorm, 8)));
    }

    /** One matrix. */
    public static LayerSpectrum layer(String name, MatrixRole role, double frobeniusNorm, double stableRank) {
        return LayerSpectrum.newBuilder()
                .setName(name)
                .setDepth(0)
                .setRole(role)
                .setRows(32)
                .setColumns(32)
                .setFinite(Double.isFinite(frobeniusNorm))
                .setFrobeniusNorm((float) frobeniusNorm)
                .setSpectralNorm((float) (frobeniusNorm / Math.sqrt(stableRank)))
                .setSpectralNormResidual(0)
                .setStableRank((float) stableRank)
                .setAlignment(Float.NaN)
                .build();
    }

    /** What a sidecar answers to a command at a step. */
    public static InterventionOutcome outcome(InterventionCommand command, OutcomeStatus status, long step) {
        return InterventionOutcome.newBuilder()
                .setCommandId(command.getId())
                .setRun(command.getRun())
                .setGeneration(command.getGeneration())
                .setProcessRank(0)
                .setKind(command.getKind())
                .setStatus(status)
                .setStep(step)
                .setReason(status == OutcomeStatus.APPLIED ? "" : "because of the test")
                .setChanges(List.of())
                .setLearningRateScaleBefore(Double.NaN)
                .setLearningRateScaleAfter(Double.NaN)
                .setHookMillis(1)
                .setComputeMillis(1)
                .setLoopMillis(5)
                .setTimestampMs(START_MS + step * STEP_MS)
                .build();
    }
}
