package io.instabilityguard.guard.anomaly;

import static java.util.Objects.requireNonNull;

import io.instabilityguard.guard.policy.Policy.Blindness;
import io.instabilityguard.guard.policy.SignalPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;

/** A weighted sum of other signals plus a bias; unknown while one of them is. */
final class CombinationSignal implements Signal {

    private final double bias;
    private final List<Term> terms = new ArrayList<>();
    private long step;

    /** A sum over some of these signals. */
    CombinationSignal(SignalPolicy.Combination policy, Map<String, Signal> signals) {
        this.bias = policy.bias();
        policy.weights()
                .forEach((name, weight) -> terms.add(new Term(name, weight, requireNonNull(signals.get(name)))));
    }

    @Override
    public void sample(Observation observation) {
        step = observation.step();
    }

    @Override
    public double value() {
        double sum = bias;
        for (Term term : terms) {
            sum += term.weight * term.signal.value();
        }
        return sum;
    }

    /** Blind as soon as one of its signals is. */
    @Override
    public Optional<String> blindness(Blindness limits) {
        return terms.stream()
                .flatMap(term -> term.signal.blindness(limits).map(reason -> term.name + " " + reason).stream())
                .findFirst();
    }

    @Override
    public boolean isForecastable() {
        return terms.stream().allMatch(term -> term.signal.isForecastable());
    }

    @Override
    public boolean concerns(String layer, Roster roster) {
        return terms.stream().anyMatch(term -> term.signal.concerns(layer, roster));
    }

    @Override
    public Finding explain(String detector, double limit) {
        String sum = terms.stream()
                .map(term -> "%.3g x %.4g (%s)".formatted(term.weight, term.signal.value(), term.name))
                .collect(Collectors.joining(" + "));
        String message = "%s + %.3g = %.4g, against %.4g".formatted(sum, bias, value(), limit);
        return new Finding(
                detector, "combination", List.of(), value(), Double.NaN, limit, step, step, Double.NaN, message);
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(step);
    }

    @Override
    public void load(DoubleSupplier in) {
        step = (long) in.getAsDouble();
    }

    private record Term(String name, double weight, Signal signal) {}
}
