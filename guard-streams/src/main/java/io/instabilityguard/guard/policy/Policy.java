package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.Mode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Everything a person decides about the guard. Read by {@link PolicyReader}.
 *
 * @param mode what the guard may do
 * @param limits bounds on memory
 * @param silence when a run counts as silent
 * @param escalateFactor an anomaly escalates when its value is this many times as far as at its last transition
 * @param signals by name
 * @param detectors by name, in the order in which they look at a step
 * @param interventions by name, in the order in which they are considered
 * @param hash SHA-256 (hex) of the canonical text of all of the above
 */
public record Policy(
        Mode mode,
        Limits limits,
        Silence silence,
        double escalateFactor,
        Map<String, SignalPolicy> signals,
        Map<String, DetectorPolicy> detectors,
        Map<String, InterventionPolicy> interventions,
        String hash) {

    private static final int CLEAR_AFTER_STEPS = 20;

    /** Keeps its own copies, in order. */
    public Policy {
        signals = Collections.unmodifiableMap(new LinkedHashMap<>(signals));
        detectors = Collections.unmodifiableMap(new LinkedHashMap<>(detectors));
        interventions = Collections.unmodifiableMap(new LinkedHashMap<>(interventions));
    }

    /** Quiet steps after which an anomaly of this detector clears. */
    public int clearAfterSteps(String detector) {
        DetectorPolicy known = detectors.get(detector);
        return known == null ? CLEAR_AFTER_STEPS : known.clearAfterSteps();
    }

    /**
     * Bounds on memory.
     *
     * @param runs runs watched at a time per partition
     * @param layers matrices watched per run
     * @param windowSteps steps between two snapshots of the baselines, and slots kept in the store
     * @param stateEverySteps a RunState at least this often
     */
    public record Limits(int runs, int layers, int windowSteps, int stateEverySteps) {}

    /**
     * A run silent longer than {@code max(leastSeconds, medianSteps * its median step time)} is UNKNOWN; after {@code forgetAfterSeconds} its
     * memory is dropped.
     */
    public record Silence(double leastSeconds, double medianSteps, double forgetAfterSeconds) {

        /** How long a run with this median time between steps may be silent, milliseconds. */
        public double toleratedMs(double medianStepMs) {
            double own = Double.isNaN(medianStepMs) ? 0 : medianSteps * medianStepMs;
            return Math.max(leastSeconds * 1_000, own);
        }
    }
}
