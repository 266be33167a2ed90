package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.mixing.MixingGains;
import io.instabilityguard.schemas.StepTelemetry;
import org.jspecify.annotations.Nullable;

/**
 * One step of a run as the detectors see it.
 *
 * @param telemetry the record of process rank 0
 * @param gains gains of the residual mixing of all ranks that became known with this step; null when none did
 * @param mixingAbstains whether the last mixing that was looked at had no gains
 */
record Observation(StepTelemetry telemetry, @Nullable MixingGains gains, boolean mixingAbstains) {

    /** A record without residual mixing. */
    static Observation of(StepTelemetry telemetry) {
        return new Observation(telemetry, null, false);
    }

    long step() {
        return telemetry.getStep();
    }
}
