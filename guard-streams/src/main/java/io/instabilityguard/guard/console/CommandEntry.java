package io.instabilityguard.guard.console;

import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.Proposal;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A command or proposal as operators see it.
 *
 * @param id id of the command
 * @param state PROPOSED, SENT, or what the ranks made of it
 * @param kind what it does
 * @param layers what it touches
 * @param parameters parameters of the kind
 * @param step first boundary of a command; the step of a proposal
 * @param untilStep last step at which it is valid
 * @param approver operator who wanted it; empty for none
 * @param reason why it is proposed or expected to help, and why it was not applied
 */
record CommandEntry(
        String id,
        String state,
        InterventionKind kind,
        List<String> layers,
        Map<String, Double> parameters,
        long step,
        long untilStep,
        String approver,
        String reason) {

    static final String PROPOSED = "PROPOSED";
    static final String SENT = "SENT";

    static CommandEntry of(Proposal proposal) {
        return new CommandEntry(
                proposal.getId(),
                PROPOSED,
                proposal.getKind(),
                proposal.getLayers(),
                proposal.getParameters(),
                proposal.getProposedAtStep(),
                proposal.getExpiresAtStep(),
                "",
                proposal.getReason());
    }

    /** A command with what the ranks have answered so far: the statuses that differ, one by one. */
    static CommandEntry of(InterventionCommand command, List<InterventionOutcome> outcomes) {
        String states = outcomes.stream()
                .map(InterventionOutcome::getStatus)
                .filter(status -> status != OutcomeStatus.DUPLICATE)
                .map(OutcomeStatus::name)
                .distinct()
                .sorted()
                .collect(Collectors.joining("+"));
        String refusal = outcomes.stream()
                .map(InterventionOutcome::getReason)
                .filter(reason -> !reason.isEmpty())
                .findFirst()
                .orElse("");
        return new CommandEntry(
                command.getId(),
                states.isEmpty() ? SENT : states,
                command.getKind(),
                command.getLayers(),
                command.getParameters(),
                command.getApplyAtStep(),
                command.getExpiresAtStep(),
                command.getApprover(),
                refusal.isEmpty() ? command.getExpectedEffect() : refusal);
    }

    /** The run that an id of a command names first. */
    static String runOf(String id) {
        return id.substring(0, Math.max(0, id.indexOf('/')));
    }
}
