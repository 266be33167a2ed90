package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.RecentValues;
import io.instabilityguard.guard.policy.SignalPolicy;

/**
 * The smallest growth (natural logarithm of the ratio) from one value to the next among the last so many: high only for what grows steadily. Unknown
 * until there are as many, and for values of 0 and below.
 */
final class ClimbSignal extends GaugedSignal {

    private final SignalPolicy.Climb policy;
    private final RecentValues before;

    ClimbSignal(SignalPolicy.Climb policy) {
        this(policy, new RecentValues(policy.overSteps()));
    }

    private ClimbSignal(SignalPolicy.Climb policy, RecentValues before) {
        super(policy.quantity(), before);
        this.policy = policy;
        this.before = before;
    }

    @Override
    public double value() {
        if (before.size() < policy.overSteps()) {
            return Double.NaN;
        }
        double[] values = before.values(1);
        values[values.length - 1] = measured();
        double least = Double.POSITIVE_INFINITY;
        for (int i = 1; i < values.length; i++) {
            least = Math.min(least, values[i - 1] > 0 ? Math.log(values[i] / values[i - 1]) : Double.NaN);
        }
        return least;
    }

    @Override
    void learn(long step, double value) {
        before.add(value);
    }

    @Override
    public Fill fill(String layer) {
        return new Fill(before.size(), policy.overSteps());
    }

    @Override
    public Finding compare(double limit, String layer) {
        return comparison(limit);
    }

    @Override
    public Finding explain(String detector, double limit) {
        String message = "%s is %.4g and has grown at least %.3g times at each of %d steps, against %.3g"
                .formatted(metric(), measured(), Math.exp(value()), policy.overSteps(), Math.exp(limit));
        return finding(detector, Double.NaN, limit, Math.max(0, step() - policy.overSteps()), message);
    }
}
