package io.instabilityguard.evaluation.signals;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How well one signal separates, at one distance before the departure.
 *
 * @param scope a scenario (one architecture at one learning rate) or {@link #ACROSS}
 * @param signal name in the policy
 * @param lead steps before the departure at which it is read; -1 for a score at initialisation
 * @param reading {@link #LATEST}, {@link #HIGHEST} or that it is taken at initialisation
 * @param lost runs whose loss departed after that many steps
 * @param healthy runs whose loss did not, read at the same steps
 * @param auroc area under the receiver operating characteristic; null without both kinds
 * @param low lower end of its bootstrap 95 % interval
 * @param high upper end
 * @param characteristic rates from (0, 0) to (1, 1), readings of all steps pooled
 */
public record SignalScore(
        String scope,
        String signal,
        int lead,
        String reading,
        int lost,
        int healthy,
        @Nullable Double auroc,
        @Nullable Double low,
        @Nullable Double high,
        List<Point> characteristic) {
    /** The highest value so far: what a threshold sees. */
    public static final String HIGHEST = "highest";

    /** The last known value. */
    public static final String LATEST = "latest";

    /** A threshold's rates. */
    public record Point(double falseAlarms, double detected) {}

    /** All recorded scenarios together. */
    public static final String ACROSS = "all scenarios";
}
