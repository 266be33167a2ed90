package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.anomaly.Reading.Level;
import java.util.List;

/**
 * One detector, as it stands at a step. It fires when all its conditions hold, so that it is as near to an alarm as the farthest of them, and reaches it
 * with the last.
 *
 * @param detector name in the policy
 * @param state how it stands
 * @param reason why it can say nothing; empty when it can
 * @param nearness the least nearness of its conditions, 0 while a flag holds it back; NaN when one is unknown, and for a detector without conditions
 * @param forecastSteps the longest forecast of its conditions; NaN when one has none
 * @param observedSteps steps observed before this one since its youngest signal began
 * @param warmUpSteps steps that it waits for
 * @param withinSteps steps within which each condition must have held, this one included
 * @param clearAfterSteps quiet steps after which its anomaly clears
 * @param heldBackBy signals whose flag is up and keeps it from firing
 * @param conditions its signals; with a layer asked for, only those that look at it
 */
public record DetectorReport(
        String detector,
        WatchState state,
        String reason,
        double nearness,
        double forecastSteps,
        long observedSteps,
        int warmUpSteps,
        int withinSteps,
        int clearAfterSteps,
        List<String> heldBackBy,
        List<ConditionReport> conditions) {

    /** Keeps its own copies. */
    public DetectorReport {
        heldBackBy = List.copyOf(heldBackBy);
        conditions = List.copyOf(conditions);
    }

    /** One that has no limits, only a level. */
    static DetectorReport withoutConditions(String name, Level level, int clearAfterSteps, String reason) {
        WatchState state = state(level, false, false);
        return new DetectorReport(
                name, state, reason, Double.NaN, Double.NaN, 0, 0, 1, clearAfterSteps, List.of(), List.of());
    }

    /** What a level means. */
    static WatchState state(Level level, boolean isWarmingUp, boolean isBlind) {
        return switch (level) {
            case FIRING -> WatchState.ALARM;
            case ELEVATED -> WatchState.ELEVATED;
            case QUIET -> WatchState.QUIET;
            case ABSENT -> isWarmingUp ? WatchState.WARMING_UP : isBlind ? WatchState.BLIND : WatchState.ABSTAINS;
        };
    }

    /** The least nearness of some conditions. */
    static double nearness(List<ConditionReport> conditions, boolean isHeldBack) {
        return isHeldBack
                ? 0
                : conditions.stream()
                        .mapToDouble(ConditionReport::nearness)
                        .reduce(Math::min)
                        .orElse(Double.NaN);
    }

    /** The longest forecast of some conditions. */
    static double forecastSteps(List<ConditionReport> conditions, boolean isHeldBack) {
        return isHeldBack
                ? Double.NaN
                : conditions.stream()
                        .mapToDouble(ConditionReport::forecastSteps)
                        .reduce(Math::max)
                        .orElse(Double.NaN);
    }
}
