package io.instabilityguard.evaluation.signals;

import org.jspecify.annotations.Nullable;

/**
 * How well one signal separates, at one distance before the departure.
 *
 * @param scope a scenario (one architecture at one learning rate) or {@link #ACROSS}
 * @param signal name in the policy
 * @param lead steps before the departure at which it is read; -1 for a score at initialisation
 * @param reading {@code latest} value, or {@code highest} so far, which is what a threshold sees
 * @param lost runs whose loss departed after that many steps
 * @param healthy runs whose loss did not, read at the same steps
 * @param auroc area under the receiver operating characteristic; null without both kinds
 * @param low lower end of its bootstrap 95 % interval
 * @param high upper end
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
        @Nullable Double high) {
    /** All recorded scenarios together. */
    public static final String ACROSS = "all scenarios";
}
