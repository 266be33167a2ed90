package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.anomaly.ConditionReport.Limits;
import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.Policy.Blindness;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** One signal against one limit, and the last steps at which it held and at which it was seen not to hold. */
final class Condition implements Persistent {

    private final String name;
    private final Signal signal;
    private final double limit;
    private final boolean isAbove;
    private double lastHeld = Double.NEGATIVE_INFINITY;
    private double lastFailed = Double.NEGATIVE_INFINITY;

    /** A condition that the signal of this name exceed a limit or, unless {@code isAbove}, lie below it. */
    Condition(String name, Signal signal, double limit, boolean isAbove) {
        this.name = name;
        this.signal = signal;
        this.limit = limit;
        this.isAbove = isAbove;
    }

    /** Notes whether it holds at a step; a blind signal that does not exceed its limit proves nothing. */
    boolean note(long step, Blindness blindness) {
        boolean holds = isAbove ? signal.exceeds(limit) : signal.value() < limit;
        if (holds) {
            lastHeld = step;
        } else if (isKnown() && !isBlind(blindness)) {
            lastFailed = step;
        }
        return holds;
    }

    boolean isBlind(Blindness blindness) {
        return signal.blindness(blindness).isPresent();
    }

    boolean isKnown() {
        return !Double.isNaN(signal.value());
    }

    boolean hasHeldSince(long stepBefore) {
        return lastHeld > stepBefore;
    }

    /** Whether it has not held since then and was seen not to. */
    boolean hasFailedSince(long stepBefore) {
        return lastFailed > stepBefore && lastHeld <= stepBefore;
    }

    String name() {
        return name;
    }

    boolean isWithin(ReportScope scope) {
        return scope.includes(signal);
    }

    /** How it stands: it holds when it has held since then. {@code clear} is the limit at which its detector comes down; NaN for none. */
    ConditionReport report(long stepBefore, double clear, ReportScope scope) {
        Limits limits = new Limits(limit, isAbove, clear);
        return ConditionReport.of(name, signal, limits, hasHeldSince(stepBefore), scope);
    }

    /** The numbers of this step. */
    Finding explain(String detector) {
        return signal.explain(detector, limit);
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(lastHeld);
        out.accept(lastFailed);
    }

    @Override
    public void load(DoubleSupplier in) {
        lastHeld = in.getAsDouble();
        lastFailed = in.getAsDouble();
    }
}
