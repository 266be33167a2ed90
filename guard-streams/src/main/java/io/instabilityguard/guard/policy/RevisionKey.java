package io.instabilityguard.guard.policy;

/**
 * Under which key a revision stands in its topic: its pattern, with {@value #SHADOW} before it when it is only tried. No pattern has a slash, so that the two never
 * meet, and a guard that knows no shadows refuses their keys.
 *
 * @param pattern the runs
 * @param shadow whether it is only tried
 */
public record RevisionKey(RunPattern pattern, boolean shadow) {

    private static final String SHADOW = "shadow/";

    /** Reads a key. Errors: {@link PolicyException} when no pattern is in it. */
    public static RevisionKey parse(String key) {
        boolean shadow = key.startsWith(SHADOW);
        return new RevisionKey(new RunPattern(shadow ? key.substring(SHADOW.length()) : key), shadow);
    }

    /** The key. */
    public String text() {
        return shadow ? SHADOW + pattern.text() : pattern.text();
    }
}
