package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.MatrixRole;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Settings of one signal; one record per shape. What each number means is said line by line in {@code default-policy.yaml}. */
public sealed interface SignalPolicy {

    /** Whether the signal has a flag with hysteresis, on which detectors may rest. */
    default boolean isLatching() {
        return false;
    }

    /** The number itself. */
    record Level(Quantity quantity) implements SignalPolicy {}

    /** Several of its last values as one. */
    record Window(Quantity quantity, int windowSamples, Reduction over) implements SignalPolicy {}

    /** Natural logarithm of its ratio to the value {@code overSteps} steps ago. */
    record Growth(Quantity quantity, int overSteps) implements SignalPolicy {}

    /** The smallest growth from one value to the next among the last {@code overSteps}, as a logarithm. */
    record Climb(Quantity quantity, int overSteps) implements SignalPolicy {}

    /** Deviations above a slow mean that is robust against upward outliers. */
    record Deviation(
            Quantity quantity,
            double decay,
            double leastDeviation,
            double firstVariance,
            double mostZ,
            int mostZAfterSteps)
            implements SignalPolicy {}

    /** Ratio to the median of the last steps. */
    record MedianRatio(Quantity quantity, int windowSteps) implements SignalPolicy {}

    /** A weighted sum of other signals plus a bias: with weights from a logistic regression, the logit of its probability. */
    record Combination(Map<String, Double> weights, double bias) implements SignalPolicy {

        /** Keeps its own copy, in order. */
        public Combination {
            weights = Collections.unmodifiableMap(new LinkedHashMap<>(weights));
        }
    }

    /** Growth of the Frobenius norms of some matrices over that of others since the first sample. */
    record Outgrowth(Set<MatrixRole> of, Set<MatrixRole> over, double raise, double clear) implements SignalPolicy {

        /** Keeps its own copies, sorted. */
        public Outgrowth {
            of = Collections.unmodifiableSet(new TreeSet<>(of));
            over = Collections.unmodifiableSet(new TreeSet<>(over));
        }

        @Override
        public boolean isLatching() {
            return true;
        }
    }

    /** Share by which the stable rank of single matrices lies below the baseline that each learned early in the run. */
    record Fall(int learnSamples, int trendSamples) implements SignalPolicy {}
}
