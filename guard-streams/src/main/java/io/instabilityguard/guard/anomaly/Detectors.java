package io.instabilityguard.guard.anomaly;

import static java.util.Objects.requireNonNull;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.DetectorPolicy;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.Policy.Blindness;
import io.instabilityguard.guard.policy.SignalPolicy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All signals and detectors of one run. At each step the signals first take in spectra, then every detector judges by the baselines before this step, then
 * the signals learn. A step with a scalar that is not finite is not judged, not learned and not counted as observed. A detector's warm-up begins with the
 * youngest of its signals.
 */
public final class Detectors implements Persistent {

    private final NonFiniteDetector nonFinite = new NonFiniteDetector();
    private final Map<String, Signal> signals = new LinkedHashMap<>();
    private final List<Conjunction> conjunctions = new ArrayList<>();
    private final Policy policy;
    private final Blindness blindness;
    private final Map<String, Long> begun = new TreeMap<>();
    private long observed;
    private boolean isLearnable;

    /** Detectors without memory. */
    public Detectors(Policy policy, Roster roster) {
        this.policy = policy;
        blindness = policy.blindness();
        policy.signals().forEach((name, signal) -> addSingle(name, signal, roster));
        policy.signals().forEach(this::addCombination);
        policy.detectors()
                .forEach((name, detector) -> conjunctions.add(new Conjunction(name, detector, signals, blindness)));
    }

    /** Shows one step to every detector, in the order of the policy, and learns it. */
    List<Reading> inspect(Observation observation) {
        List<Reading> readings = judge(observation);
        learn();
        return readings;
    }

    /** Shows one step to every detector, in the order of the policy. */
    List<Reading> judge(Observation observation) {
        signals.values().forEach(signal -> signal.sample(observation));
        Optional<Finding> broken = nonFinite.inspect(observation.telemetry());
        List<Reading> readings = new ArrayList<>(conjunctions.size() + 1);
        readings.add(
                broken.map(Reading::firing).orElseGet(() -> Reading.of(NonFiniteDetector.NAME, Reading.Level.QUIET)));
        isLearnable = broken.filter(NonFiniteDetector::isOfScalars).isEmpty();
        if (!isLearnable) {
            conjunctions.forEach(detector -> readings.add(Reading.absent(detector.name())));
            return readings;
        }
        conjunctions.forEach(
                detector -> readings.add(detector.inspect(observation.step(), observed - begun(detector.name()))));
        return readings;
    }

    /** Learns the step that was judged last, once, unless it cannot be learned. */
    void learn() {
        if (isLearnable) {
            signals.values().forEach(Signal::learn);
            observed++;
            isLearnable = false;
        }
    }

    /** How the detectors stand at the step that was judged last, which gave these readings, and is not learned. */
    List<DetectorReport> report(List<Reading> readings, long step, String partial, ReportScope scope) {
        String reason = isLearnable ? partial : "a scalar of this step is not a number";
        List<DetectorReport> reports = new ArrayList<>();
        if (scope.layer().isEmpty()) {
            reports.add(DetectorReport.withoutConditions(
                    NonFiniteDetector.NAME,
                    readings.get(0).level(),
                    policy.clearAfterSteps(NonFiniteDetector.NAME),
                    partial));
        }
        for (int i = 0; i < conjunctions.size(); i++) {
            Conjunction detector = conjunctions.get(i);
            long known = observed - begun(detector.name());
            DetectorReport report = detector.report(readings.get(i + 1).level(), step, known, reason, scope);
            if (scope.layer().isEmpty() || !report.conditions().isEmpty()) {
                reports.add(report);
            }
        }
        return reports;
    }

    /** The signals that no detector goes by. */
    List<ConditionReport> unjudged(ReportScope scope) {
        Set<String> judged = policy.detectors().values().stream()
                .flatMap(detector -> detector.signals().stream())
                .flatMap(signal -> Stream.concat(Stream.of(signal), parts(signal).stream()))
                .collect(Collectors.toSet());
        return signals.entrySet().stream()
                .filter(entry -> !judged.contains(entry.getKey()) && scope.includes(entry.getValue()))
                .map(entry ->
                        ConditionReport.of(entry.getKey(), entry.getValue(), ConditionReport.Limits.NONE, false, scope))
                .toList();
    }

    /** What the signals that can be forecast read at a step, by the baselines of now; those that read nothing are missing. */
    Map<String, Double> readings(Observation observation) {
        signals.values().forEach(signal -> signal.sample(observation));
        Map<String, Double> readings = new TreeMap<>();
        signals.forEach((name, signal) -> {
            double reading =
                    signal.isForecastable() ? signal.compare(Double.NaN, "").value() : Double.NaN;
            if (Double.isFinite(reading)) {
                readings.put(name, reading);
            }
        });
        return readings;
    }

    /**
     * Goes on where those under another policy are: a signal with the same settings keeps its memory, and so does a detector with the same settings whose
     * signals all do; what has changed begins anew.
     */
    void goOnFrom(Detectors before) {
        observed = before.observed;
        before.nonFinite.copyTo(nonFinite);
        signals.forEach((name, signal) -> {
            if (isSame(name, before.policy)) {
                requireNonNull(before.signals.get(name)).copyTo(signal);
                begun.put(name, before.begun.getOrDefault(name, 0L));
            } else {
                begun.put(name, observed);
            }
        });
        for (Conjunction detector : conjunctions) {
            before.conjunctions.stream()
                    .filter(known -> isSameDetector(known.name(), before.policy))
                    .filter(known -> known.name().equals(detector.name()))
                    .forEach(known -> known.copyTo(detector));
        }
    }

    private boolean isSameDetector(String name, Policy other) {
        DetectorPolicy mine = policy.detectors().get(name);
        return mine != null
                && mine.equals(other.detectors().get(name))
                && mine.signals().stream().allMatch(signal -> isSame(signal, other));
    }

    /** Whether a signal, and those that it is made of, have the same settings under another policy. */
    private boolean isSame(String signal, Policy other) {
        return requireNonNull(policy.signals().get(signal))
                        .equals(other.signals().get(signal))
                && parts(signal).stream().allMatch(part -> isSame(part, other));
    }

    private Set<String> parts(String signal) {
        return policy.signals().get(signal) instanceof SignalPolicy.Combination combination
                ? combination.weights().keySet()
                : Set.of();
    }

    /** Observed steps before the youngest signal of a detector began. */
    private long begun(String detector) {
        DetectorPolicy settings = requireNonNull(policy.detectors().get(detector));
        return settings.signals().stream()
                .flatMap(signal -> Stream.concat(Stream.of(signal), parts(signal).stream()))
                .mapToLong(signal -> begun.getOrDefault(signal, 0L))
                .max()
                .orElse(0);
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
        } else if (policy instanceof SignalPolicy.Climb climb) {
            signals.put(name, new ClimbSignal(climb));
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

    /** Gives away what snapshots of format 3 did not hold. */
    void saveBeginnings(DoubleConsumer out) {
        signals.keySet().forEach(signal -> out.accept(begun.getOrDefault(signal, 0L)));
    }

    /** Replaces what {@link #saveBeginnings} once gave away. */
    void loadBeginnings(DoubleSupplier in) {
        signals.keySet().forEach(signal -> begun.put(signal, (long) in.getAsDouble()));
    }

    @Override
    public void load(DoubleSupplier in) {
        observed = (long) in.getAsDouble();
        nonFinite.load(in);
        signals.values().forEach(signal -> signal.load(in));
        conjunctions.forEach(detector -> detector.load(in));
    }
}
