package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.Roster;
import io.instabilityguard.guard.intervention.IssuedCommand.State;
import io.instabilityguard.guard.policy.InterventionPolicy;
import io.instabilityguard.guard.policy.InterventionPolicy.Escalation;
import java.util.List;
import java.util.Optional;

/**
 * One rung of the ladder: whose turn it may be, and what holds it back.
 *
 * @param name name in the policy
 * @param settings its settings
 */
record Rung(String name, InterventionPolicy settings) {

    /** The anomaly that asks for this rung now: it fires, or it is open and the last command was not applied. */
    Optional<OpenAnomaly> pressing(RunMemory memory, long step) {
        boolean mayAskAgain = last(memory)
                .filter(command -> command.state() == State.NOT_APPLIED)
                .isPresent();
        return settings.detectors().stream()
                .flatMap(detector -> memory.openOf(detector).stream())
                .filter(anomaly -> mayAskAgain || anomaly.lastFiringStep() == step)
                .findFirst();
    }

    /** Why this rung may not command now; empty when it may. */
    Optional<String> obstacle(RunMemory memory, long step, Roster roster) {
        if (!settings.roles().isEmpty() && roster.withRoles(settings.roles()).isEmpty()) {
            return Optional.of("no matrix with a role of " + name + " is known");
        }
        if (spent(memory, step) >= settings.mostPer1000Steps()) {
            return Optional.of(name + " has used its budget of " + settings.mostPer1000Steps() + " per 1000 steps");
        }
        Optional<IssuedCommand> unanswered = last(memory).filter(IssuedCommand::isUnanswered);
        if (unanswered.isPresent()) {
            return unanswered.map(command -> command.id() + " is not answered yet");
        }
        long until =
                memory.ofRung(name).stream().mapToLong(this::pausedUntil).max().orElse(Long.MIN_VALUE);
        return step > until ? Optional.empty() : Optional.of(name + " waits until after step " + until);
    }

    /** Whether this rung has been applied to an anomaly as often as its escalation allows, since the other rung's last command. */
    boolean hasTried(RunMemory memory, OpenAnomaly anomaly, Escalation escalation) {
        long since = memory.ofRung(escalation.to()).stream()
                .mapToLong(IssuedCommand::decidedAtStep)
                .max()
                .orElse(Long.MIN_VALUE);
        long applied = memory.ofRung(name).stream()
                .filter(command -> command.anomalyId().equals(anomaly.id()))
                .filter(command -> command.hasTakenEffect() && command.stateStep() >= since)
                .count();
        return applied >= escalation.afterCommands();
    }

    private Optional<IssuedCommand> last(RunMemory memory) {
        List<IssuedCommand> before = memory.ofRung(name);
        return before.isEmpty() ? Optional.empty() : Optional.of(before.get(before.size() - 1));
    }

    private long spent(RunMemory memory, long step) {
        return memory.ofRung(name).stream()
                .filter(command -> command.decidedAtStep() > step - RunMemory.BUDGET_STEPS)
                .count();
    }

    private long pausedUntil(IssuedCommand command) {
        return switch (command.state()) {
            case NOT_APPLIED -> command.stateStep() + settings.retrySteps();
            case LOST -> command.stateStep() - 1;
            case HARMED -> command.stateStep() + settings.verdict().harmfulPauseSteps();
            case SENT, NOT_SENT, APPLIED, JUDGED -> command.stateStep() + settings.cooldownSteps();
        };
    }
}
