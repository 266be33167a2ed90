package io.instabilityguard.evaluation.chaos.violation;

/** What must hold whatever dies. */
public enum Invariant {
    /** A telemetry record that a broker acknowledged is in the topic; one that was given up is counted. */
    NOTHING_LOST,
    /** Decisions are numbered without gaps, chained by their hashes, and match the commands one to one. */
    DECIDED_ONCE,
    /** A command is applied at one and the same step on every rank, or on none; at most once. */
    APPLIED_TOGETHER,
    /** A command is applied within its steps and in its generation, and was made by the guard. */
    APPLIED_IN_TIME,
    /** What sidecars say of a command is what the trainers did. */
    TOLD_TRUE,
    /** Weights and learning rate are what the commands and the training make of them, and nothing else. */
    WEIGHTS_EXPLAINED,
    /** The guard holds a trainer up no longer than its bound. */
    BOUNDED_WAIT,
    /** Training goes on whatever dies beside it. */
    TRAINING_GOES_ON,
    /** What cannot be read goes to the dead letters, once, and nothing else does. */
    SET_ASIDE_ONCE,
    /** Once everything is as it should be, everything works as it should. */
    RECOVERS
}
