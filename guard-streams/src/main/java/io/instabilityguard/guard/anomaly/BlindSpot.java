package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.Policy.Blindness;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** Notices that a quantity is not measured, or is always the same: then its silence says nothing about the run. */
final class BlindSpot implements Persistent {

    private static final Optional<String> ABSTAINS = Optional.of("abstains");
    private static final Optional<String> DOES_NOT_ARRIVE = Optional.of("does not arrive");
    private static final Optional<String> DOES_NOT_CHANGE = Optional.of("does not change");

    private double last = Double.NaN;
    private long equal;
    private long missing;
    private boolean abstains;

    /** Notes one step: what was measured (NaN for nothing), and whether a measurement was tried in vain. */
    void note(double value, boolean abstained) {
        if (Double.isNaN(value)) {
            missing++;
            abstains |= abstained;
            return;
        }
        equal = value == last ? equal + 1 : 1;
        last = value;
        missing = 0;
        abstains = false;
    }

    /** Why the quantity is blind; empty when it sees. */
    Optional<String> reason(Blindness limits) {
        if (abstains) {
            return ABSTAINS;
        }
        if (missing >= limits.silentSteps()) {
            return DOES_NOT_ARRIVE;
        }
        return equal >= limits.constantSamples() ? DOES_NOT_CHANGE : Optional.empty();
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(last);
        out.accept(equal);
        out.accept(missing);
        out.accept(abstains ? 1 : 0);
    }

    @Override
    public void load(DoubleSupplier in) {
        last = in.getAsDouble();
        equal = (long) in.getAsDouble();
        missing = (long) in.getAsDouble();
        abstains = in.getAsDouble() != 0;
    }
}
