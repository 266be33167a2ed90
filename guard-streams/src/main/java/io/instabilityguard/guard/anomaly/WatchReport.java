package io.instabilityguard.guard.anomaly;

import java.util.List;

/**
 * How far every signal of one run stands from its threshold, at its last step.
 *
 * @param generation the trainer's life
 * @param step the last step of process rank 0 that the detectors were shown
 * @param policyHash the policy that they go by
 * @param partial why nothing can be said about the run although it is heard of; empty when that is not so
 * @param usualStepMillis median time of a step, deliberate waits excluded, milliseconds; NaN when unknown
 * @param detectors each detector in the order of the policy; with a layer asked for, only those that look at it
 * @param unjudged signals that no detector goes by, with neither limits nor forecasts
 */
public record WatchReport(
        long generation,
        long step,
        String policyHash,
        String partial,
        double usualStepMillis,
        List<DetectorReport> detectors,
        List<ConditionReport> unjudged) {

    /** Keeps its own copies. */
    public WatchReport {
        detectors = List.copyOf(detectors);
        unjudged = List.copyOf(unjudged);
    }
}
