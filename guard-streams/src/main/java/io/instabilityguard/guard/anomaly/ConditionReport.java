package io.instabilityguard.guard.anomaly;

import java.util.Optional;

/**
 * One signal of one detector, as it stands at a step by the baselines before it. What is unknown is NaN.
 *
 * <p>{@code nearness} is the share of the way from normal to the threshold that is covered, {@code (reading - baseline) / (threshold - baseline)} cut to [0, 1], with 0
 * for a baseline that there is none of; 1 when the condition holds.
 *
 * <p>{@code forecastSteps} is {@code (threshold - x) / b}: from the last reading x along the least-squares slope b of the last readings against the step, with the
 * baseline as it is now. NaN when the slope leads away, is less than twice its own standard error, or means nothing, because the signal is itself a difference over time.
 *
 * @param signal name in the policy
 * @param metric name of the metric
 * @param layer the one layer that it is about; empty when it is about several, or the whole model
 * @param isAbove whether a reading above the threshold is bad, and not one below
 * @param reading the value at this step
 * @param baseline the run's own normal value
 * @param threshold what would be tolerated; NaN for a signal that no detector goes by
 * @param clear where it must come back to before the detector is quiet; NaN where that is the threshold
 * @param state how it stands
 * @param reason why it can say nothing; empty when it can
 * @param nearness share of the way to the threshold, from 0 to 1
 * @param forecastSteps steps until the threshold; 0 when the condition holds
 * @param windowFilled values, or steps, in its window
 * @param windowSize how many there can be; 0 where there is no window
 */
public record ConditionReport(
        String signal,
        String metric,
        String layer,
        boolean isAbove,
        double reading,
        double baseline,
        double threshold,
        double clear,
        WatchState state,
        String reason,
        double nearness,
        double forecastSteps,
        int windowFilled,
        int windowSize) {

    /** The levels that a signal is held against; NaN for those that there are not. */
    record Limits(double raise, boolean isAbove, double clear) {

        static final Limits NONE = new Limits(Double.NaN, true, Double.NaN);
    }

    /** A signal held against limits which it exceeds or, {@code holds} says it, does not. */
    static ConditionReport of(String name, Signal signal, Limits limits, boolean holds, ReportScope scope) {
        Finding numbers = signal.compare(limits.raise, scope.layer());
        Fill fill = signal.fill(scope.layer());
        Optional<String> blind = signal.blindness(scope.blindness());
        boolean isAbove = Double.isNaN(numbers.baseline()) || Double.isNaN(numbers.threshold())
                ? limits.isAbove
                : numbers.threshold() >= numbers.baseline();
        double ownForecast = numbers.forecastSteps();
        double forecast = Double.isNaN(ownForecast) ? scope.stepsTo(name, numbers.threshold()) : ownForecast;
        return new ConditionReport(
                name,
                numbers.metric(),
                numbers.layers().size() == 1 ? numbers.layers().get(0) : "",
                isAbove,
                numbers.value(),
                numbers.baseline(),
                numbers.threshold(),
                clear(signal, limits, scope),
                state(numbers, limits, holds, fill, blind.isPresent()),
                holds ? "" : blind.orElse(""),
                holds ? 1 : nearness(numbers, isAbove),
                holds ? 0 : forecast,
                fill.filled(),
                fill.size());
    }

    private static double clear(Signal signal, Limits limits, ReportScope scope) {
        return Double.isNaN(limits.clear)
                ? signal.clearLevel()
                : signal.compare(limits.clear, scope.layer()).threshold();
    }

    private static WatchState state(Finding numbers, Limits limits, boolean holds, Fill fill, boolean isBlind) {
        boolean isJudged = !Double.isNaN(limits.raise);
        boolean isKnown =
                !Double.isNaN(numbers.value()) && (isJudged ? !Double.isNaN(numbers.threshold()) : fill.isFull());
        if (holds) {
            return WatchState.HOLDS;
        }
        if (isBlind) {
            return WatchState.BLIND;
        }
        WatchState unknown = fill.isFull() ? WatchState.ABSTAINS : WatchState.WARMING_UP;
        return isKnown ? WatchState.QUIET : unknown;
    }

    private static double nearness(Finding numbers, boolean isAbove) {
        double reading = numbers.value();
        double threshold = numbers.threshold();
        if (Double.isNaN(reading) || Double.isNaN(threshold)) {
            return Double.NaN;
        }
        if (Double.isNaN(numbers.baseline()) && !isAbove) {
            return cut(threshold / reading);
        }
        double baseline = Double.isNaN(numbers.baseline()) ? 0 : numbers.baseline();
        return cut((reading - baseline) / (threshold - baseline));
    }

    private static double cut(double share) {
        return share > 0 ? Math.min(1, share) : 0;
    }
}
