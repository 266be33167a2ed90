package io.instabilityguard.guard.anomaly;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one detector says about one step. Between {@code QUIET} and {@code FIRING} lies the band of hysteresis, {@code ELEVATED}, in which an
 * anomaly is neither raised nor cleared.
 *
 * @param detector name in the policy
 * @param level how bad it is
 * @param finding the numbers; present when the level is FIRING
 */
public record Reading(
        String detector, Level level, @Nullable Finding finding) {

    /** How bad it is. */
    public enum Level {
        /** Nothing can be said: warming up, or the metric was not measured. Neither raises nor clears. */
        ABSENT,
        /** Normal. */
        QUIET,
        /** Above what clears, below what raises. */
        ELEVATED,
        /** Above what raises. */
        FIRING
    }

    /** Nothing can be said about this step. */
    public static Reading absent(String detector) {
        return new Reading(detector, Level.ABSENT, null);
    }

    /** The same detectors, of which nothing can be said. */
    static List<Reading> allAbsent(List<Reading> readings) {
        return readings.stream().map(reading -> absent(reading.detector())).toList();
    }

    /** A level without numbers. */
    public static Reading of(String detector, Level level) {
        return new Reading(detector, level, null);
    }

    /** An alarm with its numbers. */
    public static Reading firing(Finding finding) {
        return new Reading(finding.detector(), Level.FIRING, finding);
    }

    /** Whether this reading is an alarm. */
    public boolean isFiring() {
        return level == Level.FIRING;
    }
}
