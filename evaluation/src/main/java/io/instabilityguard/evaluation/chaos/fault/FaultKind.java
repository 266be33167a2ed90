package io.instabilityguard.evaluation.chaos.fault;

/** What can go wrong. */
public enum FaultKind {
    /** SIGKILL to the broker that leads the partition of the run of two ranks; started again on its folder. */
    KILL_LEADER,
    /** SIGSTOP and SIGCONT to that broker. */
    SUSPEND_LEADER,
    /** SIGKILL to the guard that owns that partition; started again on its folder. */
    KILL_ACTIVE_GUARD,
    /** SIGSTOP and SIGCONT to it. */
    SUSPEND_ACTIVE_GUARD,
    /** SIGTERM to it, and started again. */
    RESTART_ACTIVE_GUARD,
    /** SIGKILL to the other guard; started again on its folder. */
    KILL_STANDBY_GUARD,
    /** A third guard comes, and goes again. */
    REBALANCE,
    /** SIGKILL to a sidecar; started again on its folder. */
    KILL_SIDECAR,
    /** SIGSTOP and SIGCONT to it. */
    SUSPEND_SIDECAR,
    /** SIGTERM to it, and started again. */
    RESTART_SIDECAR,
    /** SIGKILL to the trainer of one rank; its run goes on from its checkpoint as a new generation. */
    KILL_TRAINER,
    /** SIGSTOP and SIGCONT to it. */
    SUSPEND_TRAINER,
    /** SIGKILL to rank 0 of two; both go on from the checkpoint as a new generation. */
    KILL_RANK_0,
    /** SIGKILL to the other rank. */
    KILL_RANK_1,
    /** SIGSTOP and SIGCONT to rank 0 of two. */
    SUSPEND_RANK_0,
    /** SIGSTOP and SIGCONT to the other rank. */
    SUSPEND_RANK_1,
    /** Everything between clients and one broker takes longer. */
    DELAY,
    /** Connections between clients and one broker break, and new ones are closed at once. */
    CUT,
    /** Nothing passes between clients and one broker, and nobody is told. */
    HALF_OPEN,
    /** Little passes between clients and one broker at a time. */
    SLOW_DRAIN,
    /** No byte can be written to the state of the active guard, nor to that of a third one that comes to share its work. */
    FULL_STATE_DISK,
    /** No byte can be written to the journal of a sidecar. */
    FULL_JOURNAL_DISK,
    /** Telemetry arrives twice. */
    DUPLICATED_TELEMETRY,
    /** Telemetry arrives again in another order. */
    REORDERED_TELEMETRY,
    /** Telemetry that nobody can read, or believe. */
    POISON_TELEMETRY;

    /** Whether it takes effect only once a process has started. */
    boolean needsAStart() {
        return this == REBALANCE || this == FULL_STATE_DISK;
    }
}
