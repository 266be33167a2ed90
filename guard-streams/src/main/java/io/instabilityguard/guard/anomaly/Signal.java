package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.Policy.Blindness;
import java.util.Optional;

/**
 * One measured quantity of one run against its own baseline. At each step: {@link #sample}, then any number of questions, answered with the
 * baseline before this step, then {@link #learn} (left out when the step's scalars are not finite). Unknown values exceed nothing.
 */
interface Signal extends Persistent {

    /** Takes in a step. */
    void sample(Observation observation);

    /** The signal at this step; NaN when it is unknown. */
    double value();

    /** Whether the signal is above a limit at this step. */
    default boolean exceeds(double limit) {
        return value() > limit;
    }

    /** Whether the signal's flag with hysteresis is up. */
    default boolean isLatched() {
        return false;
    }

    /** Moves the baseline on. */
    default void learn() {}

    /** Why the signal's silence is no evidence of health; empty when it is. */
    Optional<String> blindness(Blindness limits);

    /** The numbers of this step against a limit, for the detector of this name. */
    Finding explain(String detector, double limit);

    /**
     * The numbers of this step against a limit (NaN for none) that it need not exceed, value, baseline and threshold in the same unit: of one layer, where one is
     * named and the signal knows single ones.
     */
    default Finding compare(double limit, String layer) {
        return explain("", limit);
    }

    /** Where the flag falls again; NaN for a signal without one. */
    default double clearLevel() {
        return Double.NaN;
    }

    /** How far its window is filled, that of a layer where it knows single ones. */
    default Fill fill(String layer) {
        return Fill.NO_WINDOW;
    }

    /** Whether the slope of its values says when it reaches a limit: not where it is itself a difference over time. */
    default boolean isForecastable() {
        return false;
    }

    /** Whether a layer, which the roster may know or not, has a part in it. */
    default boolean concerns(String layer, Roster roster) {
        return false;
    }
}
