package io.instabilityguard.evaluation.signals;

import java.util.Map;

/**
 * A recorded run that nobody touched.
 *
 * @param scenario the trainer's name
 * @param seed of weights and batches
 * @param departure step at which its loss departed; negative when it did not
 * @param values per signal its value at every step, NaN where it is unknown
 */
public record ScoredRun(String scenario, int seed, int departure, Map<String, double[]> values) {
    boolean isLost() {
        return departure >= 0;
    }

    /** The last known value of a signal up to a step; smaller than any number when there is none. */
    double latest(String signal, int step) {
        double[] series = values.getOrDefault(signal, new double[0]);
        for (int i = Math.min(step, series.length - 1); i >= 0; i--) {
            if (!Double.isNaN(series[i])) {
                return series[i];
            }
        }
        return Double.NEGATIVE_INFINITY;
    }

    /** The highest known value of a signal up to a step: what a threshold sees; smaller than any number without one. */
    double highest(String signal, int step) {
        double[] series = values.getOrDefault(signal, new double[0]);
        double highest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i <= Math.min(step, series.length - 1); i++) {
            highest = series[i] > highest ? series[i] : highest;
        }
        return highest;
    }

    int lastStep() {
        return values.values().stream().mapToInt(series -> series.length).max().orElse(0) - 1;
    }
}
