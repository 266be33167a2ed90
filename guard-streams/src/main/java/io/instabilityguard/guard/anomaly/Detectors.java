package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.Policy.Blindness;
import io.instabilityguard.guard.policy.SignalPolicy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/**
 * All signals and detectors of one run. At each step the signals first take in spectra, then every detector judges by the baselines before this step, then
 * the signals learn. A step with a scalar that is not finite is not judged, not learned and not counted as observed.
 */
public final class Detectors implements Persistent {

    private final NonFiniteDetector nonFinite = new NonFiniteDetector();
    private final Map<String, Signal> signals = new LinkedHashMap<>();
    private final List<Conjunction> conjunctions = new ArrayList<>();
    private final Blindness blindness;
    private long observed;

    /** Detectors without memory. */
    public Detectors(Policy policy, Roster roster) {
        blindness = policy.blindness();
        policy.signals().forEach((name, signal) -> addSingle(name, signal, roster));
        policy.signals().forEach(this::addCombination);
        policy.detectors()
                .forEach((name, detector) -> conjunctions.add(new Conjunction(name, detector, signals, blindness)));
    }

    /** Shows one step to every detector, in the order of the policy. */
    List<Reading> inspect(Observation observation) {
        signals.values().forEach(signal -> signal.sample(observation));
        Optional<Finding> broken = nonFinite.inspect(observation.telemetry());
        List<Reading> readings = new ArrayList<>(conjunctions.size() + 1);
        readings.add(
                broken.map(Reading::firing).orElseGet(() -> Reading.of(NonFiniteDetector.NAME, Reading.Level.QUIET)));
        if (broken.filter(NonFiniteDetector::isOfScalars).isPresent()) {
            conjunctions.forEach(detector -> readings.add(Reading.absent(detector.name())));
            return readings;
        }
        conjunctions.forEach(detector -> readings.add(detector.inspect(observation.step(), observed)));
        signals.values().forEach(signal -> signal.learn());
        observed++;
        return readings;
    }

    /** The signals, by name in the policy. */
    Map<String, Signal> signals() {
        return Collections.unmodifiableMap(signals);
    }

    /** Signals whose silence is no evidence of health, each with the reason. */
    List<String> blind() {
        List<String> blind = new ArrayList<>();
        signals.forEach(
                (name, signal) -> signal.blindness(blindness).ifPresent(reason -> blind.add(name + ": " + reason)));
        return blind;
    }

    private void addCombination(String name, SignalPolicy policy) {
        if (policy instanceof SignalPolicy.Combination combination) {
            signals.put(name, new CombinationSignal(combination, signals));
        }
    }

    private void addSingle(String name, SignalPolicy policy, Roster roster) {
        if (policy instanceof SignalPolicy.Level level) {
            signals.put(name, new LevelSignal(level));
        } else if (policy instanceof SignalPolicy.Window window) {
            signals.put(name, new WindowSignal(window));
        } else if (policy instanceof SignalPolicy.Growth growth) {
            signals.put(name, new GrowthSignal(growth));
        } else if (policy instanceof SignalPolicy.Deviation deviation) {
            signals.put(name, new DeviationSignal(deviation));
        } else if (policy instanceof SignalPolicy.MedianRatio ratio) {
            signals.put(name, new MedianRatioSignal(ratio));
        } else if (policy instanceof SignalPolicy.Outgrowth outgrowth) {
            signals.put(name, new OutgrowthSignal(outgrowth, roster));
        } else if (policy instanceof SignalPolicy.Fall fall) {
            signals.put(name, new FallSignal(fall, roster));
        }
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(observed);
        nonFinite.save(out);
        signals.values().forEach(signal -> signal.save(out));
        conjunctions.forEach(detector -> detector.save(out));
    }

    @Override
    public void load(DoubleSupplier in) {
        observed = (long) in.getAsDouble();
        nonFinite.load(in);
        signals.values().forEach(signal -> signal.load(in));
        conjunctions.forEach(detector -> detector.load(in));
    }
}
