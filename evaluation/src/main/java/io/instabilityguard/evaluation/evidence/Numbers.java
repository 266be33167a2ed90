package io.instabilityguard.evaluation.evidence;

import org.jspecify.annotations.Nullable;

/** Numbers for JSON and for people. */
final class Numbers {
    /** What stands for a number that does not exist. */
    static final String NONE = "–";

    private Numbers() {}

    /** JSON has no word for NaN. */
    static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }

    static String text(String format, @Nullable Double value) {
        return value == null || !Double.isFinite(value) ? NONE : format.formatted(value);
    }
}
