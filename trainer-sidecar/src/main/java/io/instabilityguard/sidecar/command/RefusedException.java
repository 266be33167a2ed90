package io.instabilityguard.sidecar.command;

/** A command that cannot or must not be done; the message is one line that says why and what to do. Nothing was written. */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedException(String reason) {
        super(reason);
    }
}
