package io.instabilityguard.evaluation.statistics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Area under the receiver operating characteristic: the chance that a positive scores above a negative, ties counting
 * half (Mann–Whitney). 0.5 says nothing; below it, small scores mean positive. NaN when either sample is empty.
 * Scores that are not finite belong to nobody and must be left out or replaced by the caller.
 */
public final class Auroc {
    private Auroc() {}

    /** The area for these scores. */
    public static double of(double[] positives, double[] negatives) {
        double[] sorted = negatives.clone();
        Arrays.sort(sorted);
        double wins = 0;
        for (double positive : positives) {
            int below = lowerBound(sorted, positive);
            int notAbove = upperBound(sorted, positive);
            wins += below + (notAbove - below) / 2.0;
        }
        return positives.length == 0 || sorted.length == 0
                ? Double.NaN
                : wins / ((double) positives.length * sorted.length);
    }

    /**
     * The curve itself: pairs of the shares of negatives and of positives at or above a threshold, from (0, 0) to (1, 1).
     *
     * @param points about how many thresholds; they are scores of the positives
     */
    public static List<double[]> characteristic(double[] positives, double[] negatives, int points) {
        double[] up = positives.clone();
        double[] across = negatives.clone();
        Arrays.sort(up);
        Arrays.sort(across);
        List<double[]> curve = new ArrayList<>();
        curve.add(new double[] {0, 0});
        for (int i = up.length - 1; i >= 0; i -= Math.max(1, up.length / points)) {
            curve.add(new double[] {
                1 - (double) lowerBound(across, up[i]) / across.length, 1 - (double) lowerBound(up, up[i]) / up.length
            });
        }
        curve.add(new double[] {1, 1});
        return curve;
    }

    /** How many values are below the limit. */
    private static int lowerBound(double[] sorted, double limit) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < limit) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static int upperBound(double[] sorted, double limit) {
        return lowerBound(sorted, Math.nextUp(limit));
    }

    /**
     * Percentile bootstrap at 95 %: positives and negatives are drawn anew, each among themselves.
     *
     * @param resamples how often, such as 1,000
     * @param seed the same seed gives the same interval
     */
    public static Interval interval(double[] positives, double[] negatives, int resamples, long seed) {
        if (positives.length == 0 || negatives.length == 0) {
            return Interval.UNKNOWN;
        }
        Random random = new Random(seed);
        double[] areas = new double[resamples];
        for (int i = 0; i < resamples; i++) {
            areas[i] = of(drawn(positives, random), drawn(negatives, random));
        }
        return Interval.percentiles(areas);
    }

    private static double[] drawn(double[] sample, Random random) {
        double[] drawn = new double[sample.length];
        Arrays.setAll(drawn, i -> sample[random.nextInt(sample.length)]);
        return drawn;
    }
}
