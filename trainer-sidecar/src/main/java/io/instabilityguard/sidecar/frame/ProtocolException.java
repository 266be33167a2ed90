package io.instabilityguard.sidecar.frame;

/** The other side broke the protocol; the message is one line that says how, fit to be sent as {@code REFUSED}. */
public final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1L;
    private static final int MAX_LENGTH = 300;

    /** An error with this reason, cut to one line of at most 300 characters. */
    public ProtocolException(String reason) {
        super(oneLine(reason));
    }

    private static String oneLine(String reason) {
        String line = reason.replaceAll("[\\p{Cntrl}]+", " ").strip();
        return line.length() <= MAX_LENGTH ? line : line.substring(0, MAX_LENGTH) + "…";
    }
}
