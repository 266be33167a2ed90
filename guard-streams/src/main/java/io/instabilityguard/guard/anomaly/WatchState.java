package io.instabilityguard.guard.anomaly;

/** How a detector, or one of its conditions, stands at a step. */
public enum WatchState {
    /** It has not seen enough of the run to say anything. */
    WARMING_UP,
    /** Normal. */
    QUIET,
    /** Of a condition: it holds, or has held so lately that it counts; the detector may still be quiet, if another one does not. */
    HOLDS,
    /** Of a detector: above what clears, below what raises. */
    ELEVATED,
    /** Of a detector: it fires. */
    ALARM,
    /** What it goes by does not arrive, or never changes: its silence is no evidence of health. */
    BLIND,
    /** Nothing can be said about this step. */
    ABSTAINS
}
