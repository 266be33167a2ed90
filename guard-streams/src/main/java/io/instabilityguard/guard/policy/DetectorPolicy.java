package io.instabilityguard.guard.policy;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A detector: a conjunction of signals. It fires when every condition holds.
 *
 * @param afterObservedSteps warm-up: it says nothing before so many steps with finite scalars
 * @param above signals that must exceed a limit; the first explains the alarm
 * @param latched signals whose flag must be up
 * @param unlessLatched signals whose flag must be down
 * @param withinSteps each of {@code above} must have held at one of so many steps, this one included; 1 means at the same step
 * @param clearAfterSteps quiet steps after which its anomaly clears
 */
public record DetectorPolicy(
        int afterObservedSteps,
        Map<String, Double> above,
        Set<String> latched,
        Set<String> unlessLatched,
        int withinSteps,
        int clearAfterSteps) {

    /** Keeps its own copies. */
    public DetectorPolicy {
        above = Collections.unmodifiableMap(new LinkedHashMap<>(above));
        latched = Set.copyOf(latched);
        unlessLatched = Set.copyOf(unlessLatched);
    }
}
