package io.instabilityguard.sidecar.errors;

import java.util.regex.Pattern;

/** Text from elsewhere, fit for a log line, a message or a record. Pure. */
public final class OneLine {
    private static final int MAX_LENGTH = 300;
    /** Control characters of ASCII and Latin-1, and the separators of lines and paragraphs elsewhere in Unicode. */
    private static final Pattern BREAK = Pattern.compile("[\\p{Cc}\\p{Zl}\\p{Zp}]+");

    private OneLine() {}

    /** The text without control characters, cut to {@value #MAX_LENGTH} characters. */
    public static String of(String text) {
        String line = BREAK.matcher(text).replaceAll(" ").strip();
        return line.length() <= MAX_LENGTH ? line : line.substring(0, MAX_LENGTH) + "…";
    }
}
