package io.instabilityguard.guard.view.access;

/** What somebody may do, each including what comes before it. */
public enum Role {
    /** Whatever needs no proof of who asks: the pages themselves, probes, the description of the interface. */
    ANYONE,
    /** Look at everything. */
    VIEWER,
    /** Approve, deny and snooze. */
    OPERATOR,
    /** Everything. */
    ADMIN;

    /** Whether it includes {@code needed}. */
    public boolean includes(Role needed) {
        return compareTo(needed) >= 0;
    }
}
