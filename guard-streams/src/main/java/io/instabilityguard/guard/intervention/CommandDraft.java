package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.Finding;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.lease.Lease;
import io.instabilityguard.guard.operator.Instruction;
import io.instabilityguard.guard.operator.Instruction.Order;
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
import org.jspecify.annotations.Nullable;

/** Writes commands. Their ids and times come from the records that led to them, so that the same records give the same commands. */
final class CommandDraft {

    private static final String UNTIL_STEP = "untilStep";

    private CommandDraft() {}

    /** The command of a rung that answers an anomaly. */
    static InterventionCommand answering(
            Proceedings proceedings, StepInspected event, OpenAnomaly anomaly, InterventionPolicy settings) {
        long applyAtStep = proceedings.step() + settings.timing().leadSteps();
        InterventionCommand.Builder command = draft(
                        proceedings, settings.kind().command(), anomaly.id(), anomaly.latest())
                .setLayers(Targets.of(settings, event.roster()))
                .setParameters(parameters(settings.parameters(), applyAtStep))
                .setApplyAtStep(applyAtStep)
                .setExpiresAtStep(applyAtStep + settings.timing().validSteps());
        return expecting(settings, command).build();
    }

    /** The command of an operator; what is expected of it is what the rung of the same kind expects, if there is one. */
    static InterventionCommand ordered(
            Proceedings proceedings, Instruction instruction, Order order, @Nullable Rung rung, Rollback rollback) {
        int lead =
                rung == null ? rollback.leadSteps() : rung.settings().timing().leadSteps();
        long applyAtStep = proceedings.step() + lead;
        InterventionCommand.Builder command = draft(
                        proceedings, order.kind().command(), "", asked(proceedings, instruction))
                .setId(idOf(proceedings, instruction, order))
                .setLayers(order.layers())
                .setParameters(parameters(order.parameters(), applyAtStep))
                .setApplyAtStep(applyAtStep)
                .setExpiresAtStep(applyAtStep + order.validSteps())
                .setExpectedEffect(instruction.reason());
        return rung == null
                ? command.build()
                : expecting(rung.settings(), command).build();
    }

    /** Id of an operator's command: it follows from the instruction, so that the same one again is the same command. */
    static String idOf(Proceedings proceedings, Instruction instruction, Order order) {
        RunMemory memory = proceedings.memory();
        return String.join(
                "/", memory.run(), "" + memory.generation(), order.kind().name(), instruction.id());
    }

    /** The command that ends another one before it is applied, valid as long as that one. */
    static InterventionCommand cancelling(
            Proceedings proceedings, Instruction instruction, IssuedCommand target, Rollback rollback) {
        long applyAtStep = proceedings.step() + rollback.leadSteps();
        return draft(proceedings, InterventionKind.CANCEL, target.anomalyId(), asked(proceedings, instruction))
                .setLayers(List.of())
                .setParameters(Map.of())
                .setApplyAtStep(applyAtStep)
                .setExpiresAtStep(applyAtStep + rollback.validSteps())
                .setExpectedEffect(target.id() + " is not applied.")
                .setUndoes(target.id())
                .build();
    }

    private static InterventionCommand.Builder expecting(
            InterventionPolicy settings, InterventionCommand.Builder command) {
        Expectation expects = settings.verdict().expects();
        return command.setExpectedEffect(settings.expectedEffect())
                .setExpectedMetric(expects == null ? "" : expects.quantity().label())
                .setExpectedDirection(expects == null ? Direction.UNKNOWN : expects.direction())
                .setJudgedAfterSteps(settings.verdict().afterSteps());
    }

    /** The evidence of a command that a person wants. */
    private static Finding asked(Proceedings proceedings, Instruction instruction) {
        long step = proceedings.step();
        double none = Double.NaN;
        return new Finding(
                Lease.OPERATOR + instruction.operator(),
                "",
                List.of(),
                none,
                none,
                none,
                step,
                step,
                none,
                instruction.reason());
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
                .setHolder(proceedings.authority().lease().holder())
                .setEpoch(proceedings.authority().lease().epoch())
                .setApprover(proceedings.operator())
                .setAnomalyId(anomalyId)
                .setEvidence(proceedings.evidence(finding))
                .setTimestampMs(proceedings.timestampMs());
    }

    /** As in the policy, with a duration as the step at which it ends. */
    private static Map<String, Double> parameters(Map<String, Double> named, long applyAtStep) {
        Map<String, Double> parameters = new TreeMap<>(named);
        Double forSteps = parameters.remove(Kind.FOR_STEPS);
        if (forSteps != null) {
            parameters.put(UNTIL_STEP, forSteps < 0 ? -1 : applyAtStep + forSteps);
        }
        return parameters;
    }
}
