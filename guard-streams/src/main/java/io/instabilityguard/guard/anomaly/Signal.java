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
}
