package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.History;
import io.instabilityguard.guard.policy.SignalPolicy;

/** Natural logarithm of the ratio of a quantity to its newest value that is at least so many steps old; unknown while there is none, and for values of 0 and below. */
final class GrowthSignal extends GaugedSignal {

    private final SignalPolicy.Growth policy;
    private final History history;

    GrowthSignal(SignalPolicy.Growth policy) {
        this(policy, new History(policy.overSteps()));
    }

    private GrowthSignal(SignalPolicy.Growth policy, History history) {
        super(policy.quantity(), history);
        this.policy = policy;
        this.history = history;
    }

    @Override
    public double value() {
        double before = history.valueBefore(step());
        return measured() > 0 && before > 0 ? Math.log(measured() / before) : Double.NaN;
    }

    @Override
    void learn(long step, double value) {
        history.add(step, value);
    }

    @Override
    public Fill fill(String layer) {
        return new Fill((int) Math.min(history.reach(step()), policy.overSteps()), policy.overSteps());
    }

    @Override
    public Finding explain(String detector, double limit) {
        double before = history.valueBefore(step());
        String message = "%s is %.4g, %.3g times its %.4g of %d steps ago"
                .formatted(metric(), measured(), Math.exp(value()), before, policy.overSteps());
        return finding(detector, before, before * Math.exp(limit), Math.max(0, step() - policy.overSteps()), message);
    }
}
