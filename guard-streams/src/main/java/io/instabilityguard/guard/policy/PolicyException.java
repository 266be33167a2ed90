package io.instabilityguard.guard.policy;

import java.io.Serial;

/** A policy or configuration that cannot be used; the message is the one line a person needs: dotted key, what is wrong, what is allowed. */
public final class PolicyException extends IllegalArgumentException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** A problem in one line. */
    public PolicyException(String message) {
        super(message);
    }
}
