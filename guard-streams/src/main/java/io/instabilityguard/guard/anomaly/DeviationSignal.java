package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.WinsorisedMoments;
import io.instabilityguard.guard.policy.SignalPolicy;

/** Deviations of a quantity above its slow mean: see {@link WinsorisedMoments}. */
final class DeviationSignal extends GaugedSignal {

    private final WinsorisedMoments moments;

    DeviationSignal(SignalPolicy.Deviation policy) {
        this(
                policy,
                new WinsorisedMoments(
                        policy.decay(),
                        policy.leastDeviation(),
                        policy.firstVariance(),
                        policy.mostZ(),
                        policy.mostZAfterSteps()));
    }

    private DeviationSignal(SignalPolicy.Deviation policy, WinsorisedMoments moments) {
        super(policy.quantity(), moments);
        this.moments = moments;
    }

    @Override
    public double value() {
        return Double.isNaN(measured()) ? Double.NaN : moments.z(measured());
    }

    @Override
    void learn(long step, double value) {
        moments.add(value);
    }

    @Override
    public boolean isForecastable() {
        return true;
    }

    @Override
    public Finding explain(String detector, double limit) {
        String message = "%s is %.4g, %.1f deviations above its mean of %.4g"
                .formatted(metric(), measured(), value(), moments.mean());
        return finding(detector, moments.mean(), moments.valueAt(limit), step(), message);
    }
}
