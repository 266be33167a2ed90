package io.instabilityguard.guard.policy;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A detector: a conjunction of signals. It fires when every condition holds.
 *
 * @param enabled whether it says anything
 * @param afterObservedSteps warm-up: it says nothing before so many steps with finite scalars
 * @param above signals that must exceed a limit; the first explains the alarm
 * @param below signals that must lie below a limit; the first explains the alarm when nothing must lie above
 * @param clearAtMost signals that must have come down to a limit before its anomaly may clear
 * @param latched signals whose flag must be up
 * @param unlessLatched signals whose flag must be down
 * @param withinSteps each condition on a limit must have held at one of so many steps, this one included; 1 means at the same step
 * @param clearAfterSteps quiet steps after which its anomaly clears
 */
public record DetectorPolicy(
        boolean enabled,
        int afterObservedSteps,
        Map<String, Double> above,
        Map<String, Double> below,
        Map<String, Double> clearAtMost,
        Set<String> latched,
        Set<String> unlessLatched,
        int withinSteps,
        int clearAfterSteps) {

    /** Keeps its own copies. */
    public DetectorPolicy {
        above = Collections.unmodifiableMap(new LinkedHashMap<>(above));
        below = Collections.unmodifiableMap(new LinkedHashMap<>(below));
        clearAtMost = Collections.unmodifiableMap(new LinkedHashMap<>(clearAtMost));
        latched = Set.copyOf(latched);
        unlessLatched = Set.copyOf(unlessLatched);
    }

    /** Every signal that it asks. */
    public Set<String> signals() {
        return Stream.of(above.keySet(), below.keySet(), clearAtMost.keySet(), latched, unlessLatched)
                .flatMap(Set::stream)
                .collect(Collectors.toUnmodifiableSet());
    }
}
