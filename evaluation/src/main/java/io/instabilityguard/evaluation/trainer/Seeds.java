package io.instabilityguard.evaluation.trainer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Seeds from {@code first} to {@code last}, both included. */
public record Seeds(int first, int last) {
    private static final Pattern RANGE = Pattern.compile("(\\d{1,9})(?:-(\\d{1,9}))?");

    public Seeds {
        if (first < 0 || last < first) {
            throw new IllegalArgumentException("seeds must be A-B with 0 <= A <= B, not " + first + "-" + last);
        }
    }

    /** A single seed. */
    public static Seeds only(int seed) {
        return new Seeds(seed, seed);
    }

    /**
     * Reads {@code A-B} or {@code A}.
     *
     * @throws IllegalArgumentException with a message for people when the text is neither
     */
    public static Seeds parse(String text) {
        Matcher range = RANGE.matcher(text);
        if (!range.matches()) {
            throw new IllegalArgumentException("seeds must be A-B, like 0-9, not '" + text + "'");
        }
        int first = Integer.parseInt(range.group(1));
        return new Seeds(first, range.group(2) == null ? first : Integer.parseInt(range.group(2)));
    }

    /** How many there are. */
    public int count() {
        return last - first + 1;
    }

    /** All of them, in order. */
    public IntStream stream() {
        return IntStream.rangeClosed(first, last);
    }

    @Override
    public String toString() {
        return first + "-" + last;
    }
}
