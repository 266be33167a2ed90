package io.instabilityguard.guard.telemetry;

import org.jspecify.annotations.Nullable;

/** What can be wrong with a number, in one line each; null when nothing is. */
final class Problems {

    private Problems() {}

    static @Nullable String below(String field, long value, long least) {
        return value < least ? field + "=" + value + " is below " + least : null;
    }

    /** NaN is not negative. */
    static @Nullable String negative(String field, double value) {
        return value < 0 ? field + "=" + value + " is negative" : null;
    }

    /** The first of several. */
    static @Nullable String first(@Nullable String... problems) {
        for (String problem : problems) {
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }
}
