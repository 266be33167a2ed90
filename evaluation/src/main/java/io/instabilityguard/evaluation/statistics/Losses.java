package io.instabilityguard.evaluation.statistics;

import java.util.Arrays;
import java.util.OptionalInt;

/** What the training losses of one run say, one per step from step 0; a loss that is not finite is NaN. */
public final class Losses {
    /** Nats by which a loss must stay above the best so far to have departed. */
    public static final double DEPARTURE = 0.3;

    private static final int SHORT = 5;
    private static final int LONG = 25;

    private Losses() {}

    /**
     * When the loss left for good: the first step from which on, until the run ends, the mean of the last 5 losses is
     * not finite or more than 0.3 nats above the lowest mean of 25 losses seen before. Empty when it did not.
     */
    public static OptionalInt departure(double[] losses) {
        double best = Double.POSITIVE_INFINITY;
        int departed = -1;
        for (int step = 0; step < losses.length; step++) {
            double recent = meanUpTo(losses, step, SHORT);
            if (Double.isFinite(recent) && recent <= best + DEPARTURE) {
                departed = -1;
            } else if (departed < 0) {
                departed = step;
            }
            double smooth = step + 1 < LONG ? Double.NaN : meanUpTo(losses, step, LONG);
            best = Double.isFinite(smooth) ? Math.min(best, smooth) : best;
        }
        return departed < 0 ? OptionalInt.empty() : OptionalInt.of(departed);
    }

    /**
     * When the loss stayed behind a healthy one for good: the first step from which on the mean of the last 25 losses is
     * not finite or more than 0.3 nats above the healthy run's mean at the same step. Empty when it did not.
     *
     * @param healthy of a run that nothing disturbed; only steps that both runs have are compared
     */
    public static OptionalInt departure(double[] losses, double[] healthy) {
        int departed = -1;
        for (int step = LONG - 1; step < Math.min(losses.length, healthy.length); step++) {
            double behind = meanUpTo(losses, step, LONG) - meanUpTo(healthy, step, LONG);
            if (behind <= DEPARTURE) {
                departed = -1;
            } else if (departed < 0) {
                departed = step;
            }
        }
        return departed < 0 ? OptionalInt.empty() : OptionalInt.of(departed);
    }

    private static double meanUpTo(double[] losses, int last, int count) {
        return Arrays.stream(losses, Math.max(0, last - count + 1), last + 1)
                .average()
                .orElse(Double.NaN);
    }
}
