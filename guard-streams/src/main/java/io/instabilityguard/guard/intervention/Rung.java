package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.Roster;
import io.instabilityguard.guard.intervention.IssuedCommand.State;
import io.instabilityguard.guard.policy.InterventionPolicy;
import io.instabilityguard.guard.policy.InterventionPolicy.Escalation;
import io.instabilityguard.guard.policy.InterventionPolicy.Timing;
import io.instabilityguard.guard.policy.Kind;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * One rung of the ladder: whose turn it may be, and what holds it back.
 *
 * @param name name in the policy
 * @param settings its settings
 */
record Rung(String name, InterventionPolicy settings) {

    /** Whether it commands nothing and calls a person. */
    boolean pages() {
        return settings.kind() == Kind.PAGE;
    }

    /** Whether another rung takes turns with it. */
    boolean escalatesTo(Rung other) {
        Escalation escalation = settings.escalation();
        return escalation != null && escalation.to().equals(other.name());
    }

    /**
     * The anomaly of one of these detectors that asks for this rung now: it fires (or, where that is enough, it is elevated), or it is open and either
     * the last command was not applied or nothing could be commanded before, because the guard had just met the run.
     */
    Optional<OpenAnomaly> pressing(RunMemory memory, List<String> detectors, long step, boolean isNewHolder) {
        boolean mayAskAgain = isNewHolder
                || last(memory)
                        .filter(command -> command.state() == State.NOT_APPLIED)
                        .isPresent();
        return detectors.stream()
                .flatMap(detector -> memory.openOf(detector).stream())
                .filter(anomaly -> mayAskAgain || isLoud(anomaly, step))
                .findFirst();
    }

    private boolean isLoud(OpenAnomaly anomaly, long step) {
        return (timing().whileElevated() ? anomaly.lastLoudStep() : anomaly.lastFiringStep()) == step;
    }

    /** Why this rung may not command now; empty when it may. */
    Optional<Obstacle> obstacle(RunMemory memory, long step, Roster roster) {
        if (!settings.reach().roles().isEmpty() && Targets.of(settings, roster).isEmpty()) {
            return Obstacle.lasting("no matrix with a role of " + name + " is known");
        }
        if (spent(memory, step) >= timing().mostPer1000Steps()) {
            return Obstacle.lasting(
                    name + " has used its budget of " + timing().mostPer1000Steps() + " per 1000 steps");
        }
        Optional<IssuedCommand> unanswered = last(memory).filter(IssuedCommand::isUnanswered);
        if (unanswered.isPresent()) {
            return Obstacle.passing(unanswered.get().id() + " is not answered yet");
        }
        Optional<IssuedCommand> latest = memory.ofRung(name).stream().max(Comparator.comparingLong(this::pausedUntil));
        if (latest.isEmpty() || step > pausedUntil(latest.get())) {
            return Optional.empty();
        }
        String reason = name + " waits until after step " + pausedUntil(latest.get());
        return latest.get().state() == State.HARMED ? Obstacle.lasting(reason) : Obstacle.passing(reason);
    }

    /** The most that one of its commands has cost so far, in steps of this many milliseconds. */
    double mostCost(RunMemory memory, double stepMillis) {
        return memory.ofRung(name).stream()
                .mapToDouble(command -> command.stepEquivalents(stepMillis))
                .max()
                .orElse(0);
    }

    /** How it stands at a step. */
    RungReport report(RunMemory memory, long step) {
        long pausedUntil = memory.ofRung(name).stream()
                .filter(command -> !command.isUnanswered())
                .mapToLong(this::pausedUntil)
                .max()
                .orElse(-1);
        Desk.Pause suspension = memory.desk().pauses().get(name);
        long suspendedUntil = suspension == null ? -1 : suspension.untilStep();
        return new RungReport(
                name,
                spent(memory, step),
                timing().mostPer1000Steps(),
                step <= pausedUntil ? pausedUntil : -1,
                last(memory).filter(IssuedCommand::isUnanswered).isPresent(),
                step <= suspendedUntil ? suspendedUntil : -1);
    }

    private Timing timing() {
        return settings.timing();
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
            case NOT_APPLIED -> command.stateStep() + timing().retrySteps();
            case LOST -> command.stateStep() - 1;
            case HARMED -> command.stateStep() + settings.verdict().harmfulPauseSteps();
            case SENT, NOT_SENT, APPLIED, JUDGED -> command.stateStep() + timing().cooldownSteps();
        };
    }
}
