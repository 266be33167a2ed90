package io.instabilityguard.evaluation.history;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;

/** Told every record of every run, in the order of each topic, on one thread. Does nothing unless overridden. */
public interface RunListener {
    /** One optimizer step. */
    default void onTelemetry(StepTelemetry telemetry) {}

    /** A precursor came, grew or went. */
    default void onAnomaly(Anomaly anomaly) {}

    /** The guard asked for something. */
    default void onCommand(InterventionCommand command) {}

    /** A trainer answered. */
    default void onOutcome(InterventionOutcome outcome) {}

    /** The guard decided. */
    default void onDecision(Decision decision) {}

    /**
     * Where a run stands.
     *
     * @param receivedAtMs when this process had read it, milliseconds since the epoch
     */
    default void onState(RunState state, long receivedAtMs) {}
}
