package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.Finding;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.policy.InterventionPolicy;
import io.instabilityguard.guard.policy.InterventionPolicy.Expectation;
import io.instabilityguard.guard.policy.Kind;
import io.instabilityguard.guard.policy.Policy.Rollback;
import io.instabilityguard.schemas.Direction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes commands. Their ids and times come from the records that led to them, so that the same records give the same commands. */
final class CommandDraft {

    private static final String UNTIL_STEP = "untilStep";

    private CommandDraft() {}

    /** The command of a rung that answers an anomaly. */
    static InterventionCommand answering(
            Proceedings proceedings, StepInspected event, OpenAnomaly anomaly, InterventionPolicy settings) {
        Expectation expects = settings.verdict().expects();
        long applyAtStep = proceedings.step() + settings.timing().leadSteps();
        return draft(proceedings, settings.kind().command(), anomaly.id(), anomaly.latest())
                .setLayers(Targets.of(settings, event.roster()))
                .setParameters(parameters(settings, applyAtStep))
                .setApplyAtStep(applyAtStep)
                .setExpiresAtStep(applyAtStep + settings.timing().validSteps())
                .setExpectedEffect(settings.expectedEffect())
                .setExpectedMetric(expects == null ? "" : expects.quantity().label())
                .setExpectedDirection(expects == null ? Direction.UNKNOWN : expects.direction())
                .setJudgedAfterSteps(settings.verdict().afterSteps())
                .build();
    }

    /** The command that undoes one that did harm, valid no longer than what it needs is kept. */
    static InterventionCommand undoing(
            Proceedings proceedings, IssuedCommand harmful, Finding harm, Rollback rollback) {
        long applyAtStep = proceedings.step() + rollback.leadSteps();
        long lastStep = harmful.stateStep() + rollback.shadowSteps();
        return draft(proceedings, InterventionKind.ROLL_BACK, harmful.anomalyId(), harm)
                .setLayers(List.of())
                .setParameters(Map.of())
                .setApplyAtStep(applyAtStep)
                .setExpiresAtStep(Math.min(applyAtStep + rollback.validSteps(), lastStep))
                .setExpectedEffect("Weights, learning rate and forward pass are as before " + harmful.id() + ".")
                .setUndoes(harmful.id())
                .build();
    }

    private static InterventionCommand.Builder draft(
            Proceedings proceedings, InterventionKind kind, String anomalyId, Finding finding) {
        RunMemory memory = proceedings.memory();
        return InterventionCommand.newBuilder()
                .setId(String.join("/", memory.run(), "" + memory.generation(), kind.name(), "" + proceedings.step()))
                .setRun(memory.run())
                .setGeneration(memory.generation())
                .setKind(kind)
                .setDecidedAtStep(proceedings.step())
                .setPolicyHash(proceedings.policyHash())
                .setAnomalyId(anomalyId)
                .setEvidence(proceedings.evidence(finding))
                .setTimestampMs(proceedings.timestampMs());
    }

    /** As in the policy, with a duration as the step at which it ends. */
    private static Map<String, Double> parameters(InterventionPolicy settings, long applyAtStep) {
        Map<String, Double> parameters = new TreeMap<>(settings.parameters());
        Double forSteps = parameters.remove(Kind.FOR_STEPS);
        if (forSteps != null) {
            parameters.put(UNTIL_STEP, forSteps < 0 ? -1 : applyAtStep + forSteps);
        }
        return parameters;
    }
}
