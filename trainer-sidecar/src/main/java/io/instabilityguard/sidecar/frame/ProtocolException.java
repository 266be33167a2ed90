package io.instabilityguard.sidecar.frame;

import io.instabilityguard.sidecar.errors.OneLine;

/** The other side broke the protocol; the message is one line that says how, fit to be sent as {@code REFUSED}. */
public final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1L;

    /** An error with this reason, cut to one short line. */
    public ProtocolException(String reason) {
        super(OneLine.of(reason));
    }
}
