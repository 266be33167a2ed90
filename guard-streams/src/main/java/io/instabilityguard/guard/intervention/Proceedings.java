package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.Finding;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Verdict;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The minutes of one event: the memory as it changes and the records in the order in which they came about. Lives for one call only. */
final class Proceedings {

    private static final Set<DecisionAction> ISSUES =
            EnumSet.of(DecisionAction.COMMAND, DecisionAction.WOULD_COMMAND, DecisionAction.PROPOSE);

    private final String policyHash;
    private final Authority authority;
    private final long step;
    private final long timestampMs;
    private final int partition;
    private final long offset;
    private final List<SpecificRecord> records = new ArrayList<>();
    private RunMemory memory;
    private boolean commanded;
    private String operator = "";

    /** Where and when the event happened. */
    private record Place(long step, long timestampMs, int partition, long offset) {}

    private Proceedings(String policyHash, Authority authority, RunMemory memory, Place place) {
        this.policyHash = policyHash;
        this.authority = authority;
        this.memory = memory;
        this.step = place.step();
        this.timestampMs = place.timestampMs();
        this.partition = place.partition();
        this.offset = place.offset();
    }

    static Proceedings on(String policyHash, Authority authority, RunMemory memory, StepInspected event) {
        StepTelemetry telemetry = event.telemetry();
        Place place = new Place(telemetry.getStep(), telemetry.getTimestampMs(), event.partition(), event.offset());
        return new Proceedings(policyHash, authority, memory, place);
    }

    static Proceedings on(String policyHash, Authority authority, RunMemory memory, InterventionOutcome outcome) {
        Place place = new Place(outcome.getStep(), outcome.getTimestampMs(), -1, -1);
        return new Proceedings(policyHash, authority, memory, place);
    }

    static Proceedings on(String policyHash, Authority authority, RunMemory memory, Decision heard) {
        return new Proceedings(
                policyHash, authority, memory, new Place(heard.getStep(), heard.getTimestampMs(), -1, -1));
    }

    RunMemory memory() {
        return memory;
    }

    long step() {
        return step;
    }

    long timestampMs() {
        return timestampMs;
    }

    String policyHash() {
        return policyHash;
    }

    /** By what right is decided. */
    Authority authority() {
        return authority;
    }

    /** The operator for whom is acted; empty when the guard acts by itself. */
    String operator() {
        return operator;
    }

    /** What is decided and commanded meanwhile names this operator. */
    void onBehalfOf(String name, Runnable deeds) {
        operator = name;
        deeds.run();
        operator = "";
    }

    void remember(UnaryOperator<RunMemory> change) {
        memory = change.apply(memory);
    }

    void publish(SpecificRecord record) {
        records.add(record);
    }

    /** Whether a command, sent or not, has been decided or proposed at this step. */
    boolean hasCommanded() {
        return commanded;
    }

    /** Records a decision about an anomaly or command, chained to the one before. */
    void decide(DecisionAction action, String anomalyId, String commandId, String reason, @Nullable Finding finding) {
        commanded |= ISSUES.contains(action);
        chain(decision(action, anomalyId, commandId, reason, finding));
    }

    /** Records what became of a command. */
    void judge(IssuedCommand command, Verdict verdict, String reason) {
        chain(decision(DecisionAction.VERDICT, command.anomalyId(), command.id(), reason, null)
                .setVerdict(verdict));
    }

    private void chain(Decision.Builder unsealed) {
        Decision decision = DecisionChain.seal(unsealed, memory.chainHash());
        memory = memory.withDecision(decision.getHash());
        records.add(decision);
    }

    /** The numbers of a finding and where its record stands. */
    Evidence evidence(Finding finding) {
        return Evidence.newBuilder()
                .setDetector(finding.detector())
                .setMetric(finding.metric())
                .setLayers(finding.layers())
                .setValue(finding.value())
                .setBaseline(finding.baseline())
                .setThreshold(finding.threshold())
                .setFirstStep(finding.firstStep())
                .setLastStep(finding.lastStep())
                .setPartition(partition)
                .setOffset(finding.lastStep() == step ? offset : -1)
                .build();
    }

    Ruling ruling() {
        return new Ruling(memory, records);
    }

    private Decision.Builder decision(
            DecisionAction action, String anomalyId, String commandId, String reason, @Nullable Finding finding) {
        Decision.Builder decision = Decision.newBuilder()
                .setRun(memory.run())
                .setGeneration(memory.generation())
                .setSequence(memory.decisions())
                .setStep(step)
                .setAction(action)
                .setAnomalyId(anomalyId)
                .setCommandId(commandId)
                .setVerdict(Verdict.UNKNOWN)
                .setReason(reason)
                .setPolicyHash(policyHash)
                .setApplication(authority.application())
                .setOperator(operator)
                .setTimestampMs(timestampMs);
        return finding == null ? decision : decision.setEvidence(evidence(finding));
    }
}
