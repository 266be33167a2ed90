package io.instabilityguard.guard.view.access;

import java.util.regex.Pattern;

/**
 * Somebody who asks.
 *
 * @param name as configured with the token; the name under which actions are recorded
 * @param role what they may do
 */
public record Principal(String name, Role role) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_@-]{1,100}");

    /** Whether somebody with a token can have this name: it is a key of the configuration and stands in the ledger. */
    public static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /** Somebody without a token. */
    public static Principal anonymous(Role role) {
        return new Principal("anonymous", role);
    }
}
