package io.instabilityguard.guard.view.access;

/**
 * Somebody who asks.
 *
 * @param name as configured with the token; the name under which actions are recorded
 * @param role what they may do
 */
public record Principal(String name, Role role) {

    /** Somebody without a token. */
    public static Principal anonymous(Role role) {
        return new Principal("anonymous", role);
    }
}
