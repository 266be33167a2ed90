package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.schemas.StepTelemetry;

/**
 * One measured quantity of one run against its own baseline. At each step: {@link #sample}, then any number of questions, answered with the
 * baseline before this step, then {@link #learn} (left out when the step's scalars are not finite). Unknown values exceed nothing.
 */
interface Signal extends Persistent {

    /** Takes in the spectra of a step, if it has any. */
    default void sample(StepTelemetry telemetry) {}

    /** Whether the signal is above a limit at this step. */
    boolean exceeds(StepTelemetry telemetry, double limit);

    /** Whether the signal's flag with hysteresis is up. */
    default boolean isLatched() {
        return false;
    }

    /** Moves the baseline on. */
    default void learn(StepTelemetry telemetry) {}

    /** The numbers of this step against a limit, for the detector of this name. */
    Finding explain(String detector, StepTelemetry telemetry, double limit);
}
