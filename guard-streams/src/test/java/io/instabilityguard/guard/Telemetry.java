package io.instabilityguard.guard;

import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.LayerStatistic;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.ResidualMixing;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

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

    /** A step with the residual mixing of some layers, each {@code scale} times the identity of 2 streams. */
    public static StepTelemetry.Builder mixing(long step, int total, boolean projected, float scale, int... orders) {
        return calm(step)
                .setProfilesStep(step)
                .setMixing(IntStream.of(orders)
                        .mapToObj(order -> mixer(order, total, projected, scale, 0, 0, scale))
                        .toList());
    }

    /** One mixing layer with these entries, row by row. */
    public static ResidualMixing mixer(int order, int total, boolean projected, float... entries) {
        List<Float> matrix = new ArrayList<>();
        for (float entry : entries) {
            matrix.add(entry);
        }
        return ResidualMixing.newBuilder()
                .setLayer("mixers." + order)
                .setOrder(order)
                .setTotal(total)
                .setSize((int) Math.sqrt(entries.length))
                .setProjected(projected)
                .setDynamic(true)
                .setParameter("")
                .setMixed(matrix)
                .setUnprojected(matrix)
                .build();
    }

    /** A Koopman profile of block 0 with this near-unit mass, or one that abstains for this reason. */
    public static KoopmanProfile koopman(double nearUnitMass, String abstained) {
        return KoopmanProfile.newBuilder()
                .setBlock("blocks.0")
                .setDepth(0)
                .setTokens(64)
                .setWidth(8)
                .setRank(8)
                .setNearUnitMass(nearUnitMass)
                .setOverUnitMass(0)
                .setContractingMass(0)
                .setSpectralRadius(1)
                .setEigenvectorCondition(1)
                .setNonlinearityRatio(0.1)
                .setMedianResidual(0.01)
                .setKeptShare(1)
                .setAbstained(abstained)
                .build();
    }

    /** A statistic of one layer. */
    public static LayerStatistic statistic(String metric, int depth, float... values) {
        List<Float> list = new ArrayList<>();
        for (float value : values) {
            list.add(value);
        }
        return LayerStatistic.newBuilder()
                .setMetric(metric)
                .setLayer("blocks." + depth)
                .setDepth(depth)
                .setValues(list)
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

    /** Gradients that grow by a fifth at every step since one, and a loss that rises slowly. */
    static StepTelemetry growing(long step, long from) {
        return calm(step)
                .setGradientNorm(50 * Math.pow(1.2, step - from))
                .setLoss(3 + 0.02 * (step - from))
                .build();
    }
}
