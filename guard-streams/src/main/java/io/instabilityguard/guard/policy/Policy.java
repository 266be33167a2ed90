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
 * @param blindness when a signal counts as blind
 * @param budget step-equivalents that interventions may cost in any 1,000 steps
 * @param rollback bounds on rollbacks
 * @param proposalSteps steps for which a proposal waits for an operator
 * @param escalateFactor an anomaly escalates when its value is this many times as far as at its last transition
 * @param signals by name
 * @param detectors by name, in the order in which they look at a step
 * @param interventions by name, in the order in which they are considered
 * @param ladders by detector; its anomalies are answered by these rungs alone
 * @param hash SHA-256 (hex) of the canonical text of all of the above
 */
public record Policy(
        Mode mode,
        Limits limits,
        Silence silence,
        Blindness blindness,
        double budget,
        Rollback rollback,
        int proposalSteps,
        double escalateFactor,
        Map<String, SignalPolicy> signals,
        Map<String, DetectorPolicy> detectors,
        Map<String, InterventionPolicy> interventions,
        Map<String, LadderPolicy> ladders,
        String hash) {

    private static final int CLEAR_AFTER_STEPS = 20;

    /** Keeps its own copies, in order. */
    public Policy {
        signals = Collections.unmodifiableMap(new LinkedHashMap<>(signals));
        detectors = Collections.unmodifiableMap(new LinkedHashMap<>(detectors));
        interventions = Collections.unmodifiableMap(new LinkedHashMap<>(interventions));
        ladders = Collections.unmodifiableMap(new LinkedHashMap<>(ladders));
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
     * @param mixingGraceSteps steps for which a step's mixing matrices are waited for
     */
    public record Limits(int runs, int layers, int windowSteps, int stateEverySteps, int mixingGraceSteps) {}

    /**
     * When a signal counts as blind: it cannot warn, so its silence is no evidence of health.
     *
     * @param constantSamples so many values in a row that are exactly equal
     * @param silentSteps so many steps without a value
     */
    public record Blindness(int constantSamples, int silentSteps) {}

    /**
     * Bounds on rollbacks.
     *
     * @param shadowSteps steps after application for which the trainer's sidecar keeps what it needs for a rollback
     * @param leadSteps steps between decision and application
     * @param validSteps steps after that at which the rollback is still valid
     */
    public record Rollback(int shadowSteps, int leadSteps, int validSteps) {}

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
