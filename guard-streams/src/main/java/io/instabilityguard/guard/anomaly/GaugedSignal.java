package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.Policy.Blindness;
import io.instabilityguard.guard.policy.Quantity;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** A signal on one quantity: a gauge that reads it and a baseline that learns from it. */
abstract class GaugedSignal implements Signal {

    private final Gauge gauge;
    private final Persistent baseline;

    GaugedSignal(Quantity quantity, Persistent baseline) {
        this.gauge = new Gauge(quantity);
        this.baseline = baseline;
    }

    @Override
    public void sample(Observation observation) {
        gauge.take(observation);
    }

    @Override
    public void learn() {
        if (gauge.isFresh()) {
            learn(gauge.step(), gauge.value());
        }
    }

    /** Moves the baseline on by a finite value. */
    abstract void learn(long step, double value);

    /** The quantity at this step; NaN when it is unknown. */
    final double measured() {
        return gauge.value();
    }

    final long step() {
        return gauge.step();
    }

    final String metric() {
        return gauge.quantity().label();
    }

    @Override
    public Optional<String> blindness(Blindness limits) {
        return gauge.blindness(limits);
    }

    @Override
    public boolean concerns(String layer, Roster roster) {
        return gauge.concerns(layer, roster);
    }

    /** The signal's own value against a limit, where the quantity's is of another unit. */
    final Finding comparison(double limit) {
        return new Finding("", metric(), List.of(), value(), Double.NaN, limit, step(), step(), Double.NaN, "");
    }

    /** A finding about the quantity's value at this step. */
    final Finding finding(String detector, double usual, double threshold, long firstStep, String message) {
        return new Finding(
                detector, metric(), List.of(), measured(), usual, threshold, firstStep, step(), Double.NaN, message);
    }

    @Override
    public void save(DoubleConsumer out) {
        gauge.save(out);
        baseline.save(out);
    }

    @Override
    public void load(DoubleSupplier in) {
        gauge.load(in);
        baseline.load(in);
    }
}
