package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.RunningMedian;
import io.instabilityguard.guard.policy.SignalPolicy;

/** Ratio of a quantity to the median of its last values, this one not among them; the median needs no protection from outliers. */
final class MedianRatioSignal extends GaugedSignal {

    private final SignalPolicy.MedianRatio policy;
    private final RunningMedian median;

    MedianRatioSignal(SignalPolicy.MedianRatio policy) {
        this(policy, new RunningMedian(policy.windowSteps()));
    }

    private MedianRatioSignal(SignalPolicy.MedianRatio policy, RunningMedian median) {
        super(policy.quantity(), median);
        this.policy = policy;
        this.median = median;
    }

    @Override
    public double value() {
        return measured() / median.median();
    }

    @Override
    public boolean exceeds(double limit) {
        return measured() > limit * median.median();
    }

    @Override
    void learn(long step, double value) {
        median.add(value);
    }

    @Override
    public boolean isForecastable() {
        return true;
    }

    @Override
    public Fill fill(String layer) {
        return new Fill(median.size(), policy.windowSteps());
    }

    @Override
    public Finding explain(String detector, double limit) {
        double usual = median.median();
        String message = "%s is %.4g, %.1f times its median of %.4g".formatted(metric(), measured(), value(), usual);
        return finding(detector, usual, limit * usual, Math.max(0, step() - median.size()), message);
    }
}
