package io.instabilityguard.guard.intervention;

import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.Sha256;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A command that was issued (or, in mode observe, would have been) and what became of it.
 *
 * @param id the command's id
 * @param rung name of the intervention in the policy
 * @param anomalyId the anomaly it answers
 * @param detector the detector of that anomaly
 * @param decidedAtStep step of the decision
 * @param state what became of it
 * @param stateStep boundary of application while NOT_SENT, SENT, APPLIED or JUDGED; otherwise the step at which the state was known
 * @param recentLossBefore the run's recent loss at the decision
 * @param before what the command is expected to move, as it was at the decision; null when nothing is expected or known
 * @param costMillis how long the trainer stood still for it, milliseconds
 * @param costSteps steps that are trained again once it is applied
 * @param undoes id of the command that it rolls back; empty for none
 * @param appliedBy the ranks that have applied it so far
 * @param deed digest of its kind, layers, parameters and what it undoes: the same for two commands that do the same; empty when an older guard issued it
 */
record IssuedCommand(
        String id,
        String rung,
        String anomalyId,
        String detector,
        long decidedAtStep,
        State state,
        long stateStep,
        double recentLossBefore,
        @Nullable Before before,
        double costMillis,
        double costSteps,
        String undoes,
        AppliedRanks appliedBy,
        String deed) {

    /** So many steps apart two commands that do the same may be decided, and still be taken to have the same effect. */
    private static final int SAME_TIME_STEPS = 5;

    /** A memory of an older guard knows no rollbacks, no runs of several ranks, and not what a command does. */
    IssuedCommand {
        deed = deed == null ? "" : deed;
        undoes = undoes == null ? "" : undoes;
        appliedBy = appliedBy == null ? AppliedRanks.noneOf(1) : appliedBy;
    }

    /** Mean and standard deviation of some recent values. */
    record Before(double mean, double deviation) {}

    /** What became of a command. */
    enum State {
        /** Recorded only: mode observe or approve. */
        NOT_SENT,
        /** Sent, no answer yet. */
        SENT,
        /** Applied, effect not yet judged. */
        APPLIED,
        /** Applied and judged EFFECTIVE or NEUTRAL. */
        JUDGED,
        /** Applied and judged HARMFUL. */
        HARMED,
        /** Refused, expired, abandoned or failed: nothing was changed. */
        NOT_APPLIED,
        /** No answer came in time. */
        LOST
    }

    /** A command of a run of so many ranks, none of which has applied it. */
    static IssuedCommand of(
            InterventionCommand command,
            String rung,
            State state,
            double recentLoss,
            @Nullable Before before,
            int ranks) {
        return new IssuedCommand(
                command.getId(),
                rung,
                command.getAnomalyId(),
                command.getEvidence().getDetector(),
                command.getDecidedAtStep(),
                state,
                command.getApplyAtStep(),
                recentLoss,
                before,
                0,
                command.getParameters().getOrDefault("backSteps", 0.0),
                command.getUndoes(),
                AppliedRanks.noneOf(ranks),
                deed(command));
    }

    private static String deed(InterventionCommand command) {
        return Sha256.hex(command.getKind() + " " + command.getLayers() + " " + new TreeMap<>(command.getParameters())
                + " " + command.getUndoes());
    }

    /** Whether nothing is known yet of its effect, and another command does the same at about the same time. */
    boolean awaitsOutcomeOf(IssuedCommand other) {
        boolean isOpen = state == State.NOT_SENT || state == State.SENT || state == State.APPLIED;
        return isOpen
                && !deed.isEmpty()
                && deed.equals(other.deed)
                && Math.abs(decidedAtStep - other.decidedAtStep) <= SAME_TIME_STEPS;
    }

    /** The same when one more rank has applied it. */
    IssuedCommand appliedBy(int rank) {
        return with(state, stateStep, costMillis, appliedBy.and(rank));
    }

    IssuedCommand in(State newState, long step) {
        return with(newState, step, costMillis, appliedBy);
    }

    /** The same when one more process has told how long it stood still: the slowest counts. */
    IssuedCommand costing(double millis) {
        return with(state, stateStep, Math.max(costMillis, millis), appliedBy);
    }

    private IssuedCommand with(State newState, long step, double millis, AppliedRanks ranks) {
        return new IssuedCommand(
                id,
                rung,
                anomalyId,
                detector,
                decidedAtStep,
                newState,
                step,
                recentLossBefore,
                before,
                millis,
                costSteps,
                undoes,
                ranks,
                deed);
    }

    /** Its cost in steps of this many milliseconds; NaN milliseconds count as no cost of standing still. */
    double stepEquivalents(double stepMillis) {
        double stood = stepMillis > 0 ? costMillis / stepMillis : 0;
        boolean changed = state == State.APPLIED || state == State.JUDGED || state == State.HARMED;
        return stood + (changed ? costSteps : 0);
    }

    boolean isRollback() {
        return !undoes.isEmpty();
    }

    /** Whether its effect is still to be seen; one that was only recorded would be judged some steps after its boundary. */
    boolean isUnsettled(long step, int judgedAfterSteps) {
        return state == State.SENT
                || state == State.APPLIED
                || state == State.NOT_SENT && step < stateStep + judgedAfterSteps;
    }

    /** Whether the weights or the learning rate were changed by it, or would have been. */
    boolean hasTakenEffect() {
        return state == State.NOT_SENT || state == State.APPLIED || state == State.JUDGED || state == State.HARMED;
    }

    boolean isUnanswered() {
        return state == State.SENT;
    }
}
