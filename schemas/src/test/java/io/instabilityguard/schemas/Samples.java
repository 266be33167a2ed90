package io.instabilityguard.schemas;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/** One filled-in record of every topic, the same every time. The golden files are made of them. */
public final class Samples {
    static final String RUN = "run-42";
    static final long GENERATION = 1_700_000_000_000L;
    static final long NOW = 1_700_000_123_456L;
    private static final String QUERY = "blocks.3.attention.qkv.weight[query]";
    private static final String APPLICATION = "instability-guard";
    private static final String OPERATOR = "alice";
    private static final String POLICY_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    private Samples() {}

    /** Every sample, one per topic of the catalogue. */
    public static List<SpecificRecord> all() {
        return List.of(
                TelemetrySamples.telemetry(2),
                command(),
                outcome(),
                anomaly(),
                decision(),
                runState(),
                operatorAction(),
                leaseClaim(),
                policyRevision(),
                policyInForce(),
                shadowAgreement(),
                deadLetter());
    }

    /** Soft MSign of one matrix. */
    public static InterventionCommand command() {
        return InterventionCommand.newBuilder()
                .setId(RUN + ":" + GENERATION + ":APPLY_MSIGN:1200")
                .setRun(RUN)
                .setGeneration(GENERATION)
                .setKind(InterventionKind.APPLY_MSIGN)
                .setLayers(List.of(QUERY))
                .setParameters(Map.of("steps", 6.0))
                .setDecidedAtStep(1200)
                .setApplyAtStep(1210)
                .setExpiresAtStep(1260)
                .setExpectedEffect("the stable rank rises above 8")
                .setPolicyHash(POLICY_HASH)
                .setAnomalyId(anomaly().getId())
                .setEvidence(evidence())
                .setExpectedMetric("stableRank")
                .setExpectedDirection(Direction.RISES)
                .setJudgedAfterSteps(5)
                .setHolder(APPLICATION)
                .setEpoch(12)
                .setApprover(OPERATOR)
                .setTimestampMs(NOW)
                .build();
    }

    /** The command of {@link #command} applied. */
    public static InterventionOutcome outcome() {
        return InterventionOutcome.newBuilder()
                .setCommandId(command().getId())
                .setRun(RUN)
                .setGeneration(GENERATION)
                .setProcessRank(1)
                .setKind(InterventionKind.APPLY_MSIGN)
                .setStatus(OutcomeStatus.APPLIED)
                .setStep(1210)
                .setReason("")
                .setChanges(List.of(LayerChange.newBuilder()
                        .setBefore(TelemetrySamples.spectrum(0))
                        .setAfter(TelemetrySamples.spectrum(1))
                        .setReplaced(true)
                        .setOrthogonalityDefect(0.0009765625f)
                        .setReason("")
                        .setMeasurements(Map.of("shareOfFrobeniusNormKept", 1.0))
                        .build()))
                .setMeasurements(Map.of("layersTouched", 1.0))
                .setLearningRateScaleBefore(1)
                .setLearningRateScaleAfter(1)
                .setHookMillis(3.5)
                .setComputeMillis(14.25)
                .setLoopMillis(Double.NaN)
                .setTimestampMs(NOW)
                .build();
    }

    /** A stable rank that fell too far. */
    public static Anomaly anomaly() {
        return Anomaly.newBuilder()
                .setId(RUN + ":" + GENERATION + ":stable-rank-fall:1190")
                .setRun(RUN)
                .setGeneration(GENERATION)
                .setTransition(AnomalyTransition.ESCALATED)
                .setStep(1200)
                .setRaisedAtStep(1190)
                .setEvidence(evidence())
                .setForecastSteps(80)
                .setMessage("the stable rank of a query matrix fell to a quarter of its baseline")
                .setTimestampMs(NOW)
                .build();
    }

    /** The decision to send {@link #command}. */
    public static Decision decision() {
        return Decision.newBuilder()
                .setRun(RUN)
                .setGeneration(GENERATION)
                .setSequence(7)
                .setStep(1200)
                .setAction(DecisionAction.COMMAND)
                .setAnomalyId(anomaly().getId())
                .setCommandId(command().getId())
                .setVerdict(Verdict.UNKNOWN)
                .setReason("first rung: restore the stable rank")
                .setEvidence(evidence())
                .setPolicyHash(POLICY_HASH)
                .setPreviousHash("")
                .setHash("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")
                .setApplication(APPLICATION)
                .setOperator(OPERATOR)
                .setTimestampMs(NOW)
                .build();
    }

    /** A run in alarm. */
    public static RunState runState() {
        return RunState.newBuilder()
                .setRun(RUN)
                .setGeneration(GENERATION)
                .setHealth(Health.ALARM)
                .setHealthReason("one anomaly is open")
                .setMode(Mode.ENFORCE)
                .setLastStep(1200)
                .setOpenAnomalies(List.of(anomaly().getId()))
                .setCommandsIssued(1)
                .setBlindSignals(List.of("composite-gain"))
                .setStepEquivalentsSpent(0.5)
                .setApplication(APPLICATION)
                .setLeaseHolder("operator:" + OPERATOR)
                .setLeaseReason("looking at the attention weights")
                .setLeaseEpoch(13)
                .setProposals(List.of(Proposal.newBuilder()
                        .setId(command().getId())
                        .setIntervention("orthogonalise-attention")
                        .setAnomalyId(anomaly().getId())
                        .setKind(InterventionKind.APPLY_MSIGN)
                        .setLayers(List.of(QUERY))
                        .setParameters(Map.of("steps", 6.0))
                        .setReason("the stable rank fell")
                        .setProposedAtStep(1200)
                        .setExpiresAtStep(1700)
                        .build()))
                .setPolicyHash(POLICY_HASH)
                .setTimestampMs(NOW)
                .build();
    }

    /** An operator commands a cut of the learning rate. */
    public static OperatorAction operatorAction() {
        return OperatorAction.newBuilder()
                .setId("0b7f6a52-6c1f-4d0f-8a53-1d3b8f1c2e11")
                .setRun(RUN)
                .setGeneration(GENERATION)
                .setKind(OperatorActionKind.SEND)
                .setOperator(OPERATOR)
                .setReason("the loss is about to diverge")
                .setCommand(ManualCommand.newBuilder()
                        .setKind(InterventionKind.SCALE_LEARNING_RATE)
                        .setLayers(List.of())
                        .setParameters(Map.of("factor", 0.5))
                        .setValidSteps(30)
                        .setForce(false)
                        .build())
                .setTimestampMs(NOW)
                .build();
    }

    /** An operator takes a run over. */
    public static LeaseClaim leaseClaim() {
        return LeaseClaim.newBuilder()
                .setId("2f4d8b1e-0d5c-4a6e-9f5d-7c8a4e6b2d10")
                .setRun(RUN)
                .setAction(LeaseAction.TAKE)
                .setHolder("operator:" + OPERATOR)
                .setClaimedBy("operator:" + OPERATOR)
                .setReason("looking at the attention weights")
                .setTimestampMs(NOW)
                .build();
    }

    /** An operator lets the guard act on the runs of a sweep. */
    public static PolicyRevision policyRevision() {
        return PolicyRevision.newBuilder()
                .setPattern("sweep-*")
                .setPolicy("mode: enforce\n")
                .setVersion(3)
                .setAuthor(OPERATOR)
                .setReason("observed for a week without a false alarm")
                .setTimestampMs(NOW)
                .build();
    }

    /** A shadow that would have commanded what the policy in force did not. */
    public static ShadowAgreement shadowAgreement() {
        return ShadowAgreement.newBuilder()
                .setRun(RUN)
                .setGeneration(GENERATION)
                .setStep(140)
                .setSinceStep(20)
                .setPolicyHash(POLICY_HASH)
                .setShadowHash(POLICY_HASH)
                .setAlarms(new AgreementTally(3L, 1L, 2L, 5L))
                .setCommands(new AgreementTally(1L, 0L, 1L, -2L))
                .setWouldCommand(List.of(new ShadowCommand(
                        RUN + "/" + GENERATION + "/SCALE_LEARNING_RATE/140", "loss-spike", "the loss rose")))
                .setApplication("instability-guard")
                .setTimestampMs(NOW)
                .build();
    }

    /** The revision of {@link #policyRevision} found good. */
    public static PolicyInForce policyInForce() {
        return PolicyInForce.newBuilder()
                .setRevision(policyRevision())
                .setRevisionOffset(17)
                .setPolicyHash(POLICY_HASH)
                .setTimestampMs(NOW)
                .build();
    }

    /** A telemetry record that was no Avro at all and had no key. */
    public static DeadLetter deadLetter() {
        return DeadLetter.newBuilder()
                .setTopic(Topics.TELEMETRY.name())
                .setPartition(3)
                .setOffset(4711)
                .setRecordTimestampMs(NOW - 10)
                .setStage("deserialization")
                .setCause("it does not begin with c3 01")
                .setKey(null)
                .setValue(ByteBuffer.wrap("not Avro".getBytes(StandardCharsets.UTF_8)))
                .setTimestampMs(NOW)
                .build();
    }

    private static Evidence evidence() {
        return Evidence.newBuilder()
                .setDetector("stable-rank-fall")
                .setMetric("stableRank")
                .setLayers(List.of(QUERY))
                .setValue(3.25)
                .setBaseline(13)
                .setThreshold(6.5)
                .setFirstStep(1100)
                .setLastStep(1200)
                .setPartition(3)
                .setOffset(4712)
                .build();
    }
}
