package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.RecentValues;
import io.instabilityguard.guard.policy.SignalPolicy;

/** The last values of a quantity, this one included, as one number; unknown until there are as many as asked for. */
final class WindowSignal extends GaugedSignal {

    private final SignalPolicy.Window policy;
    private final RecentValues before;

    WindowSignal(SignalPolicy.Window policy) {
        this(policy, new RecentValues(policy.windowSamples() - 1));
    }

    private WindowSignal(SignalPolicy.Window policy, RecentValues before) {
        super(policy.quantity(), before);
        this.policy = policy;
        this.before = before;
    }

    @Override
    public double value() {
        if (Double.isNaN(measured()) || before.size() < policy.windowSamples() - 1) {
            return Double.NaN;
        }
        double[] values = before.values(1);
        values[values.length - 1] = measured();
        return policy.over().of(values, values.length);
    }

    @Override
    void learn(long step, double value) {
        before.add(value);
    }

    @Override
    public Fill fill(String layer) {
        int now = Double.isNaN(measured()) ? 0 : 1;
        return new Fill(before.size() + now, policy.windowSamples());
    }

    @Override
    public Finding compare(double limit, String layer) {
        return comparison(limit);
    }

    @Override
    public Finding explain(String detector, double limit) {
        String message = "%s of the last %d values of %s is %.4g, against %.4g"
                .formatted(policy.over(), policy.windowSamples(), metric(), value(), limit);
        return finding(detector, Double.NaN, limit, step(), message);
    }
}
