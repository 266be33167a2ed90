package io.instabilityguard.evaluation.statistics;

import java.util.Arrays;

/**
 * A confidence interval, both ends included.
 *
 * @param low lower end
 * @param high upper end
 */
public record Interval(double low, double high) {
    private static final double Z_95 = 1.959963984540054;

    /** Nothing is known. */
    public static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN);

    /**
     * Wilson's score interval of a proportion at 95 % (Wilson 1927): centre (p + z²/2n) / (1 + z²/n), half width
     * z / (1 + z²/n) · √(p(1 − p)/n + z²/4n²). Unlike the normal approximation it holds for 0 of n.
     *
     * @param hits of the trials, 0 to {@code trials}
     * @param trials how many; 0 gives {@link #UNKNOWN}
     */
    public static Interval wilson(int hits, int trials) {
        if (hits < 0 || hits > trials) {
            throw new IllegalArgumentException("hits=" + hits + ", trials=" + trials);
        }
        if (trials == 0) {
            return UNKNOWN;
        }
        double n = trials;
        double share = hits / n;
        double shrink = 1 + Z_95 * Z_95 / n;
        double centre = (share + Z_95 * Z_95 / (2 * n)) / shrink;
        double half = Z_95 / shrink * Math.sqrt(share * (1 - share) / n + Z_95 * Z_95 / (4 * n * n));
        return new Interval(hits == 0 ? 0 : centre - half, hits == trials ? 1 : centre + half);
    }

    /** The middle 95 % of a sample, such as of bootstrap resamples; sorts it in place. */
    public static Interval percentiles(double[] sample) {
        Arrays.sort(sample);
        int cut = (int) Math.floor(0.025 * (sample.length - 1));
        return new Interval(sample[cut], sample[sample.length - 1 - cut]);
    }
}
