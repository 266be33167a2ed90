package io.instabilityguard.guard.anomaly;

import static java.util.Objects.requireNonNull;

import io.instabilityguard.guard.anomaly.Reading.Level;
import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.DetectorPolicy;
import io.instabilityguard.guard.policy.Policy.Blindness;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/**
 * One detector: fires at a step at which a condition on a signal holds, all its other conditions have held within its window of steps, and the flags
 * it rests on are as they should be. While such a flag is up but it does not fire, or a signal has not come down to where it must to clear, it is ELEVATED: hysteresis. It is
 * quiet only on evidence: while nothing that it needs is known to be normal and something is unknown or blind, it is ABSENT.
 */
final class Conjunction implements Persistent {

    private final String name;
    private final DetectorPolicy policy;
    private final Blindness blindness;
    private final List<Condition> conditions = new ArrayList<>();
    private final List<Condition> notClear = new ArrayList<>();
    private final List<Signal> latched;
    private final List<Signal> unlessLatched;

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
        limits.forEach(
                (signal, limit) -> conditions.add(new Condition(requireNonNull(signals.get(signal)), limit, isAbove)));
    }

    private static List<Signal> all(Set<String> names, Map<String, Signal> signals) {
        return names.stream().sorted().map(signals::get).toList();
    }

    /** What it says about a step, given how many steps were observed before. */
    Reading inspect(long step, long observed) {
        boolean holdsNow = note(step);
        if (observed < policy.afterObservedSteps()) {
            return Reading.absent(name);
        }
        boolean flagged = latched.stream().allMatch(Signal::isLatched);
        boolean free = unlessLatched.stream().noneMatch(Signal::isLatched);
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
