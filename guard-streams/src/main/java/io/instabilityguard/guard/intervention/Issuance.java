package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.anomaly.Trace;
import io.instabilityguard.guard.intervention.IssuedCommand.Before;
import io.instabilityguard.guard.intervention.IssuedCommand.State;
import io.instabilityguard.guard.lease.Lease;
import io.instabilityguard.guard.operator.Instruction;
import io.instabilityguard.guard.operator.Instruction.Order;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.Mode;
import org.jspecify.annotations.Nullable;

/** Puts commands on their way: each is remembered, decided and published, or as the mode has it only recorded or proposed. */
final class Issuance {

    private final Policy policy;

    Issuance(Policy policy) {
        this.policy = policy;
    }

    /** What the mode makes of a rung that answers an anomaly. */
    void answer(Proceedings proceedings, StepInspected event, OpenAnomaly anomaly, Rung rung) {
        InterventionCommand command = CommandDraft.answering(proceedings, event, anomaly, rung.settings());
        String reason = reason(rung, anomaly);
        if (policy.mode() == Mode.APPROVE) {
            OpenProposal proposal = OpenProposal.of(command, rung.name(), reason, policy.proposalSteps());
            proceedings.remember(memory -> memory.withDesk(memory.desk().with(proposal)));
            proceedings.decide(DecisionAction.PROPOSE, anomaly.id(), command.getId(), reason, anomaly.latest());
            return;
        }
        boolean enforced = policy.mode() == Mode.ENFORCE;
        remember(proceedings, event, command, rung.name(), enforced ? State.SENT : State.NOT_SENT);
        DecisionAction action = enforced ? DecisionAction.COMMAND : DecisionAction.WOULD_COMMAND;
        String would = enforced ? "" : " (mode " + policy.mode() + ": recorded only)";
        proceedings.decide(action, anomaly.id(), command.getId(), reason + would, anomaly.latest());
        if (enforced) {
            proceedings.publish(command);
        }
    }

    /** What was proposed, as it stands now. */
    void approved(Proceedings proceedings, StepInspected event, OpenAnomaly anomaly, Rung rung, OpenProposal proposal) {
        InterventionCommand command = InterventionCommand.newBuilder(
                        CommandDraft.answering(proceedings, event, anomaly, rung.settings()))
                .setId(proposal.id())
                .build();
        remember(proceedings, event, command, rung.name(), State.SENT);
        String reason = "approved: " + reason(rung, anomaly);
        proceedings.decide(DecisionAction.COMMAND, anomaly.id(), command.getId(), reason, anomaly.latest());
        proceedings.publish(command);
    }

    /** An operator's own command; the rung of the same kind, if there is one, judges its effect. */
    void ordered(
            Proceedings proceedings, StepInspected event, Instruction instruction, Order order, @Nullable Rung rung) {
        InterventionCommand command = CommandDraft.ordered(proceedings, instruction, order, rung, policy.rollback());
        remember(
                proceedings,
                event,
                command,
                rung == null ? Lease.OPERATOR + instruction.operator() : rung.name(),
                State.SENT);
        String forced = order.force() ? "forced: " : "";
        proceedings.decide(DecisionAction.COMMAND, "", command.getId(), forced + instruction.reason(), null);
        proceedings.publish(command);
    }

    /** The end of a command that is still on its way. */
    void cancelled(Proceedings proceedings, StepInspected event, IssuedCommand target, Instruction instruction) {
        InterventionCommand command = CommandDraft.cancelling(proceedings, instruction, target, policy.rollback());
        remember(proceedings, event, command, target.rung(), State.SENT);
        String reason = "cancels " + target.id() + ": " + instruction.reason();
        proceedings.decide(DecisionAction.COMMAND, target.anomalyId(), command.getId(), reason, null);
        proceedings.publish(command);
    }

    private static void remember(
            Proceedings proceedings, StepInspected event, InterventionCommand command, String rung, State state) {
        Before before = before(event.traces().get(rung));
        int ranks = event.telemetry().getWorldSize();
        IssuedCommand issued = IssuedCommand.of(command, rung, state, event.recentLoss(), before, ranks);
        proceedings.remember(memory -> memory.withCommand(issued));
    }

    private static @Nullable Before before(@Nullable Trace trace) {
        return trace == null || Double.isNaN(trace.mean()) ? null : new Before(trace.mean(), trace.deviation());
    }

    private static String reason(Rung rung, OpenAnomaly anomaly) {
        return rung.name() + " answers " + anomaly.detector() + ": "
                + anomaly.latest().message();
    }
}
