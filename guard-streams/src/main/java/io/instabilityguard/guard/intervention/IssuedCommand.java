package io.instabilityguard.guard.intervention;

import io.instabilityguard.schemas.InterventionCommand;

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
 */
record IssuedCommand(
        String id,
        String rung,
        String anomalyId,
        String detector,
        long decidedAtStep,
        State state,
        long stateStep,
        double recentLossBefore) {

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

    static IssuedCommand of(InterventionCommand command, String rung, State state, double recentLoss) {
        return new IssuedCommand(
                command.getId(),
                rung,
                command.getAnomalyId(),
                command.getEvidence().getDetector(),
                command.getDecidedAtStep(),
                state,
                command.getApplyAtStep(),
                recentLoss);
    }

    IssuedCommand in(State newState, long step) {
        return new IssuedCommand(id, rung, anomalyId, detector, decidedAtStep, newState, step, recentLossBefore);
    }

    /** Whether the weights or the learning rate were changed by it, or would have been. */
    boolean hasTakenEffect() {
        return state == State.NOT_SENT || state == State.APPLIED || state == State.JUDGED || state == State.HARMED;
    }

    boolean isUnanswered() {
        return state == State.SENT;
    }
}
