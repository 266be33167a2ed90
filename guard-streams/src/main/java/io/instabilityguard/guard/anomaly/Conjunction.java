package io.instabilityguard.guard.anomaly;

import static java.util.Objects.requireNonNull;

import io.instabilityguard.guard.anomaly.ConditionReport.Limits;
import io.instabilityguard.guard.anomaly.Reading.Level;
import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.DetectorPolicy;
import io.instabilityguard.guard.policy.Policy.Blindness;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;

/**
 * One detector: fires at a step at which a condition on a signal holds, all its other conditions have held within its window of steps, and the flags
 * it rests on are as they should be. While such a flag is up but it does not fire, or a signal has not come down to where it must to clear, it is ELEVATED: hysteresis. It is
 * quiet only on evidence: while nothing that it needs is known to be normal and something is unknown or blind, it is ABSENT.
 */
final class Conjunction implements Persistent {

    /** A flag has its own level to rise above. */
    private static final Limits FLAG = new Limits(0, true, Double.NaN);

    private final String name;
    private final DetectorPolicy policy;
    private final Blindness blindness;
    private final List<Condition> conditions = new ArrayList<>();
    private final List<Condition> notClear = new ArrayList<>();
    private final Map<String, Signal> latched;
    private final Map<String, Signal> unlessLatched;

    /** A detector without memory that asks these signals, which others may ask, too. */
    Conjunction(String name, DetectorPolicy policy, Map<String, Signal> signals, Blindness blindness) {
        this.name = name;
        this.policy = policy;
        this.blindness = blindness;
        addAll(conditions, policy.above(), signals, true);
        addAll(conditions, policy.below(), signals, false);
        addAll(notClear, policy.clearAtMost(), signals, true);
        this.latched = all(policy.latched(), signals);
        this.unlessLatched = all(policy.unlessLatched(), signals);
    }

    private static void addAll(
            List<Condition> conditions, Map<String, Double> limits, Map<String, Signal> signals, boolean isAbove) {
        limits.forEach((signal, limit) ->
                conditions.add(new Condition(signal, requireNonNull(signals.get(signal)), limit, isAbove)));
    }

    private static Map<String, Signal> all(Set<String> names, Map<String, Signal> signals) {
        Map<String, Signal> all = new TreeMap<>();
        names.forEach(name -> all.put(name, requireNonNull(signals.get(name))));
        return all;
    }

    /** What it says about a step, given how many steps were observed before. */
    Reading inspect(long step, long observed) {
        boolean holdsNow = note(step);
        if (observed < policy.afterObservedSteps()) {
            return Reading.absent(name);
        }
        boolean flagged = latched.values().stream().allMatch(Signal::isLatched);
        boolean free = unlessLatched.values().stream().noneMatch(Signal::isLatched);
        long before = step - policy.withinSteps();
        if (holdsNow && flagged && free && conditions.stream().allMatch(each -> each.hasHeldSince(before))) {
            return Reading.firing(conditions.get(0).explain(name));
        }
        boolean elevated = flagged && !latched.isEmpty();
        return Reading.of(name, elevated ? Level.ELEVATED : levelWithoutAlarm(step, before, flagged && free));
    }

    private boolean note(long step) {
        boolean any = false;
        for (Condition condition : conditions) {
            any |= condition.note(step, blindness);
        }
        return any;
    }

    private Level levelWithoutAlarm(long step, long before, boolean flagsAllow) {
        boolean unclear = false;
        for (Condition condition : notClear) {
            if (condition.note(step, blindness)) {
                return Level.ELEVATED;
            }
            unclear |= !condition.isKnown();
        }
        boolean normal = !flagsAllow || conditions.stream().anyMatch(each -> each.hasFailedSince(before));
        boolean known = conditions.stream().allMatch(Condition::isKnown);
        return !unclear && (normal || known && !isBlind()) ? Level.QUIET : Level.ABSENT;
    }

    private boolean isBlind() {
        return conditions.stream().anyMatch(each -> each.isBlind(blindness));
    }

    /** How it stands at the step that it was shown last, of which it said {@code level}. */
    DetectorReport report(Level level, long step, long observed, String whyNot, ReportScope scope) {
        List<ConditionReport> reports = new ArrayList<>();
        List<ConditionReport> shown = new ArrayList<>();
        long before = step - policy.withinSteps();
        for (Condition condition : conditions) {
            if (!policy.latched().contains(condition.name())) {
                double clear = policy.clearAtMost().getOrDefault(condition.name(), Double.NaN);
                add(condition.report(before, clear, scope), condition.isWithin(scope), reports, shown);
            }
        }
        latched.forEach((signal, flag) -> {
            ConditionReport report = ConditionReport.of(signal, flag, FLAG, flag.isLatched(), scope);
            add(report, scope.includes(flag), reports, shown);
        });
        List<String> heldBackBy = unlessLatched.entrySet().stream()
                .filter(flag -> flag.getValue().isLatched())
                .map(Map.Entry::getKey)
                .toList();
        String reason = level == Level.ABSENT ? reason(observed, whyNot, reports) : "";
        return new DetectorReport(
                name,
                DetectorReport.state(level, observed < policy.afterObservedSteps(), isBlind()),
                reason,
                DetectorReport.nearness(reports, !heldBackBy.isEmpty()),
                DetectorReport.forecastSteps(reports, !heldBackBy.isEmpty()),
                observed,
                policy.afterObservedSteps(),
                policy.withinSteps(),
                policy.clearAfterSteps(),
                heldBackBy,
                shown);
    }

    private static void add(
            ConditionReport report, boolean isShown, List<ConditionReport> all, List<ConditionReport> shown) {
        all.add(report);
        if (isShown) {
            shown.add(report);
        }
    }

    private String reason(long observed, String whyNot, List<ConditionReport> reports) {
        if (!whyNot.isEmpty()) {
            return whyNot;
        }
        if (observed < policy.afterObservedSteps()) {
            return observed + " of " + policy.afterObservedSteps() + " steps observed";
        }
        return reports.stream()
                .filter(report -> !report.reason().isEmpty() || Double.isNaN(report.reading()))
                .map(report -> report.signal() + (report.reason().isEmpty() ? " is not known" : " " + report.reason()))
                .collect(Collectors.joining(", "));
    }

    String name() {
        return name;
    }

    @Override
    public void save(DoubleConsumer out) {
        conditions.forEach(condition -> condition.save(out));
    }

    @Override
    public void load(DoubleSupplier in) {
        conditions.forEach(condition -> condition.load(in));
    }
}
