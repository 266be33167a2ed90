package io.instabilityguard.evaluation.history;

import java.util.Collection;

/**
 * Percentiles of a sample by the nearest-rank method: the smallest value that at least p percent of the sample do not
 * exceed. NaN for an empty sample.
 */
public final class Percentiles {
    private final double[] sorted;

    private Percentiles(double[] sorted) {
        this.sorted = sorted;
    }

    /** Values that are not finite are left out. */
    public static Percentiles of(Collection<Double> sample) {
        return new Percentiles(sample.stream()
                .mapToDouble(Double::doubleValue)
                .filter(Double::isFinite)
                .sorted()
                .toArray());
    }

    /**
     * The value at a percentage.
     *
     * @param percent above 0, at most 100
     */
    public double at(double percent) {
        if (sorted.length == 0) {
            return Double.NaN;
        }
        int rank = (int) Math.ceil(percent / 100 * sorted.length);
        return sorted[Math.max(rank, 1) - 1];
    }

    /** The mean of the two middle values, or the middle one. */
    public double median() {
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    /** How many finite values the sample has. */
    public int count() {
        return sorted.length;
    }
}
