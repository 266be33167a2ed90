package io.instabilityguard.sidecar.errors;

/** Text from elsewhere, fit for a log line, a message or a record. Pure. */
public final class OneLine {
    private static final int MAX_LENGTH = 300;

    private OneLine() {}

    /** The text without control characters, cut to {@value #MAX_LENGTH} characters. */
    public static String of(String text) {
        String line = text.replaceAll("[\\p{Cntrl}]+", " ").strip();
        return line.length() <= MAX_LENGTH ? line : line.substring(0, MAX_LENGTH) + "…";
    }
}
