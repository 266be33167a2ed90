package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LeaseClaim;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.Map;

/** Something that happened to a run and may need a decision. */
public sealed interface RunEvent {

    /**
     * A step arrived and was looked at.
     *
     * @param telemetry the record
     * @param arrival whether it was taken in; {@code readings} are empty when not
     * @param readings what each detector says
     * @param recentLoss mean of the last losses; NaN when one of them is unknown or there are none
     * @param usualStepMillis median time of a step, deliberate waits excluded, milliseconds; NaN when unknown
     * @param traces recent values of what the interventions should move, by intervention
     * @param blind signals whose silence is no evidence of health, each with the reason
     * @param partial why nothing can be said about the run although it is heard of; empty when that is not so
     * @param lastStep last step of process rank 0 taken in, this one included
     * @param roster every matrix seen so far in this generation
     * @param partition partition of the record
     * @param offset offset of the record
     */
    record StepInspected(
            StepTelemetry telemetry,
            Arrival arrival,
            List<Reading> readings,
            double recentLoss,
            double usualStepMillis,
            Map<String, Trace> traces,
            List<String> blind,
            String partial,
            long lastStep,
            Roster roster,
            int partition,
            long offset)
            implements RunEvent {}

    /** A sidecar answered a command. */
    record CommandAnswered(InterventionOutcome outcome) implements RunEvent {}

    /** An operator asked for something. */
    record OperatorAsked(OperatorAction action) implements RunEvent {}

    /** Somebody claimed the lease on the run, with the claim at this offset of its topic. */
    record LeaseClaimed(LeaseClaim claim, long offset) implements RunEvent {}

    /** Nothing was heard of the run for longer than is normal for it. */
    record Silent(long silentMs, long lastStep, long nowMs) implements RunEvent {}

    /** The run was silent for so long that its memory is dropped. */
    record Forgotten() implements RunEvent {}
}
