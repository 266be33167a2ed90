package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.policy.Policy;
import java.util.Map;
import java.util.Optional;

/** What holds rungs back, besides who holds the run. */
final class Obstacles {

    private final Policy policy;
    private final Map<String, Rung> rungs;

    Obstacles(Policy policy, Map<String, Rung> rungs) {
        this.policy = policy;
        this.rungs = rungs;
    }

    /** What holds a rung back from answering an anomaly: an operator, another command for the same cause, itself, or the budget. */
    Optional<Obstacle> of(Proceedings proceedings, StepInspected event, Rung rung, OpenAnomaly anomaly) {
        RunMemory memory = proceedings.memory();
        return memory.desk()
                .obstacle(rung.name(), anomaly.detector(), proceedings.step())
                .or(() -> memory.issued().stream()
                        .filter(command -> command.detector().equals(anomaly.detector())
                                ? isInTheWay(command, rung, proceedings.step())
                                : yields(memory, rung, command, proceedings.step()))
                        .findFirst()
                        .flatMap(command -> Obstacle.passing(command.id() + " is still to show its effect")))
                .or(() -> ofItself(memory, event, rung));
    }

    /** What holds a rung back whatever it answers: its own commands so far, or the budget. */
    Optional<Obstacle> ofItself(RunMemory memory, StepInspected event, Rung rung) {
        return rung.obstacle(memory, event.telemetry().getStep(), event.roster())
                .or(() -> overBudget(memory, event, rung));
    }

    /**
     * Whether another rung's command (not one that takes turns with it) or a rollback is on its way for the same cause. What only looks closer or saves
     * neither waits for the effect of others nor do they wait for its: only for the answer.
     */
    private boolean isInTheWay(IssuedCommand command, Rung rung, long step) {
        Rung other = rungs.get(command.rung());
        if (command.isRollback() || other == null) {
            return command.isUnanswered();
        }
        boolean takesTurns = rung.equals(other) || rung.escalatesTo(other) || other.escalatesTo(rung);
        boolean areCures =
                rung.settings().kind().isCure() && other.settings().kind().isCure();
        boolean isInEffect =
                areCures ? command.isUnsettled(step, other.settings().verdict().afterSteps()) : command.isUnanswered();
        return !takesTurns && isInEffect;
    }

    /**
     * Whether this command for another cause may explain the anomaly: until it is judged, but not for longer after the first of its rung for that cause than
     * the effect should take to show. One that is given at every step would be waited for without end.
     */
    private boolean yields(RunMemory memory, Rung rung, IssuedCommand command, long step) {
        Rung other = rungs.get(command.rung());
        if (other == null || !rung.settings().yieldsTo().contains(other.name())) {
            return false;
        }
        int afterSteps = other.settings().verdict().afterSteps();
        return command.isUnsettled(step, afterSteps) && step < memory.firstBoundary(command) + afterSteps;
    }

    private Optional<Obstacle> overBudget(RunMemory memory, StepInspected event, Rung rung) {
        double millis = event.usualStepMillis();
        double spent = memory.stepEquivalents(event.lastStep(), millis);
        return spent + rung.mostCost(memory, millis) > policy.budget()
                ? Obstacle.lasting("the budget of %.4g step-equivalents per 1000 steps does not allow %s"
                        .formatted(policy.budget(), rung.name()))
                : Optional.empty();
    }
}
