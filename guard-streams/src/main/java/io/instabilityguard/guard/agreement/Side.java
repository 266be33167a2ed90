package io.instabilityguard.guard.agreement;

/** Which of two policies said something. */
public enum Side {
    /** The one that is compared with: in force, or what was decided then. */
    BASE,
    /** The one that is tried. */
    CANDIDATE
}
