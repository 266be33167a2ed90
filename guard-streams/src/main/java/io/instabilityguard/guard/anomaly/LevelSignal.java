package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.RecentValues;
import io.instabilityguard.guard.policy.SignalPolicy;

/** A quantity as it is, without a baseline. */
final class LevelSignal extends GaugedSignal {

    LevelSignal(SignalPolicy.Level policy) {
        super(policy.quantity(), new RecentValues(0));
    }

    @Override
    public double value() {
        return measured();
    }

    @Override
    void learn(long step, double value) {}

    @Override
    public boolean isForecastable() {
        return true;
    }

    @Override
    public Finding explain(String detector, double limit) {
        String message = "%s is %.4g, %s %.4g".formatted(metric(), value(), value() > limit ? "above" : "below", limit);
        return finding(detector, Double.NaN, limit, step(), message);
    }
}
