package io.instabilityguard.evaluation;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Verdict;
import java.util.List;
import java.util.Map;

/** Records for tests, with only what matters named by the caller. */
public final class Records {
    private Records() {}

    /** A command decided at step 40, due at 41. */
    public static InterventionCommand command(String run, String anomaly, InterventionKind kind) {
        return InterventionCommand.newBuilder()
                .setId(run + "/" + kind + "/40")
                .setRun(run)
                .setGeneration(1)
                .setKind(kind)
                .setLayers(kind == InterventionKind.APPLY_MSIGN ? List.of("block.0.query") : List.of())
                .setParameters(Map.of("factor", 0.5))
                .setDecidedAtStep(40)
                .setApplyAtStep(41)
                .setExpiresAtStep(71)
                .setExpectedEffect("the loss returns")
                .setPolicyHash("hash")
                .setAnomalyId(anomaly)
                .setEvidence(evidence())
                .setTimestampMs(0)
                .build();
    }

    /** The command was applied at step 41. */
    public static InterventionOutcome applied(InterventionCommand command) {
        return InterventionOutcome.newBuilder()
                .setCommandId(command.getId())
                .setRun(command.getRun())
                .setGeneration(1)
                .setProcessRank(0)
                .setKind(command.getKind())
                .setStatus(OutcomeStatus.APPLIED)
                .setStep(41)
                .setReason("")
                .setChanges(List.of())
                .setLearningRateScaleBefore(1)
                .setLearningRateScaleAfter(0.5)
                .setHookMillis(1.5)
                .setComputeMillis(1)
                .setLoopMillis(9)
                .setTimestampMs(0)
                .build();
    }

    /** The command was judged at step 61. */
    public static Decision verdict(InterventionCommand command, Verdict verdict) {
        return Decision.newBuilder()
                .setRun(command.getRun())
                .setGeneration(1)
                .setSequence(0)
                .setStep(61)
                .setAction(DecisionAction.VERDICT)
                .setAnomalyId(command.getAnomalyId())
                .setCommandId(command.getId())
                .setVerdict(verdict)
                .setReason("it went quiet")
                .setPolicyHash("hash")
                .setPreviousHash("")
                .setHash("")
                .setEvidence(evidence())
                .setTimestampMs(0)
                .build();
    }

    /** An anomaly raised at step 40. */
    public static Anomaly raised(String run) {
        return Anomaly.newBuilder()
                .setId("anomaly")
                .setRun(run)
                .setGeneration(1)
                .setTransition(AnomalyTransition.RAISED)
                .setStep(40)
                .setRaisedAtStep(40)
                .setEvidence(evidence())
                .setForecastSteps(Double.NaN)
                .setMessage("the gradient norm jumped")
                .setTimestampMs(0)
                .build();
    }

    /** A step with one matrix of this stable rank. */
    public static StepTelemetry step(String run, long step, float stableRank) {
        return StepTelemetry.newBuilder()
                .setRun(run)
                .setGeneration(1)
                .setProcessRank(0)
                .setWorldSize(1)
                .setStep(step)
                .setTimestampMs(1000 + step)
                .setLoss(2)
                .setGradientNorm(1)
                .setLearningRate(0.01)
                .setLearningRateScale(1)
                .setMaxAttentionLogit(5)
                .setSpectraStep(step)
                .setLayers(List.of(layer(stableRank)))
                .setSkippedSamples(0)
                .setDroppedMessages(1)
                .setHookMicros(30)
                .setStepMillis(3)
                .setWaitMillis(0)
                .setAwaitsDecision(true)
                .build();
    }

    private static LayerSpectrum layer(float stableRank) {
        return LayerSpectrum.newBuilder()
                .setName("block.0.query.weight")
                .setDepth(0)
                .setRole(MatrixRole.QUERY)
                .setRows(32)
                .setColumns(32)
                .setFinite(true)
                .setFrobeniusNorm(1)
                .setSpectralNorm(1)
                .setSpectralNormResidual(0)
                .setStableRank(stableRank)
                .setAlignment(Float.NaN)
                .build();
    }

    private static Evidence evidence() {
        return Evidence.newBuilder()
                .setDetector("gradient-spike")
                .setMetric("gradientNorm")
                .setLayers(List.of())
                .setValue(9)
                .setBaseline(1)
                .setThreshold(6)
                .setFirstStep(0)
                .setLastStep(40)
                .setPartition(0)
                .setOffset(40)
                .build();
    }
}
