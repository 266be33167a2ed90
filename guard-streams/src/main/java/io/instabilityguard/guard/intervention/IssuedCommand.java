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
 * @param stateStep step at which that was known; the boundary of application for NOT_SENT, SENT and APPLIED
 * @param usualLossBefore the run's usual loss at the decision
 */
record IssuedCommand(
        String id,
        String rung,
        String anomalyId,
        String detector,
        long decidedAtStep,
        State state,
        long stateStep,
        double usualLossBefore) {

    /** What became of a command. */
    enum State {
        /** Recorded only: mode observe or approve. */
        NOT_SENT,
        /** Sent, no answer yet. */
        SENT,
        /** Applied, effect not yet judged. */
        APPLIED,
        /** Applied and judged. */
        JUDGED,
        /** Refused, expired, abandoned or failed: nothing was changed. */
        NOT_APPLIED,
        /** No answer came in time. */
        LOST
    }

    static IssuedCommand of(InterventionCommand command, String rung, State state, double usualLoss) {
        return new IssuedCommand(
                command.getId(),
                rung,
                command.getAnomalyId(),
                command.getEvidence().getDetector(),
                command.getDecidedAtStep(),
                state,
                command.getApplyAtStep(),
                usualLoss);
    }

    IssuedCommand in(State newState, long step) {
        return new IssuedCommand(id, rung, anomalyId, detector, decidedAtStep, newState, step, usualLossBefore);
    }

    boolean isUnanswered() {
        return state == State.SENT;
    }
}
