package io.instabilityguard.sidecar.mixing;

/**
 * How {@link SinkhornKnopp} projects.
 *
 * @param epsilon floor of the entries: a smaller, zero or negative entry counts as this; above 0
 * @param maxIterations most pairs of one column and one row scaling; 1 or more
 * @param tolerance stops once the marginal violation is at most this; 0 or more, 0 for never
 */
public record SinkhornSettings(double epsilon, int maxIterations, double tolerance) {

    /** mHC's 20 iterations (arXiv 2512.24880, Eq. 9), all of them, as the hook does. */
    public static final SinkhornSettings DEFAULT = new SinkhornSettings(1e-6, 20, 0);

    /** Throws {@link IllegalArgumentException} for a value out of its range. */
    public SinkhornSettings {
        if (!(epsilon > 0 && epsilon < Double.POSITIVE_INFINITY) || maxIterations < 1 || !(tolerance >= 0)) {
            throw new IllegalArgumentException("sinkhorn epsilon " + epsilon + ", iterations " + maxIterations
                    + ", tolerance " + tolerance + ": give numbers above 0, 1 or more, 0 or more");
        }
    }
}
