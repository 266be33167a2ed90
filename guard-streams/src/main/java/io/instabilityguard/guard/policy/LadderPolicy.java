package io.instabilityguard.guard.policy;

import java.util.List;

/**
 * The rungs for the anomalies of one detector, mild ones first. The ladder remembers how high it stands from one anomaly to the next.
 *
 * @param rungs interventions by name; a disabled one is stepped over
 * @param watchSteps steps for which a new anomaly is only watched
 * @param escalateAfterCommands commands of a rung that did not help (NEUTRAL, HARMFUL, not applied) before the next rung is climbed
 * @param deEscalateAfterSteps steps without an open anomaly of the detector after which it steps down one rung
 */
public record LadderPolicy(List<String> rungs, int watchSteps, int escalateAfterCommands, int deEscalateAfterSteps) {

    /** Keeps its own copy. */
    public LadderPolicy {
        rungs = List.copyOf(rungs);
    }
}
