package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.anomaly.Reading.Level;
import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.DetectorPolicy;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/**
 * One detector: fires at a step at which a condition on a signal holds, all its other conditions have held within its window of steps, and the flags
 * it rests on are as they should be. While such a flag is up but it does not fire it is ELEVATED: hysteresis.
 */
final class Conjunction implements Persistent {

    private final String name;
    private final DetectorPolicy policy;
    private final List<Signal> above = new ArrayList<>();
    private final double[] limits;
    private final double[] lastHeld;
    private final List<Signal> latched;
    private final List<Signal> unlessLatched;

    /** A detector without memory that asks these signals, which others may ask, too. */
    Conjunction(String name, DetectorPolicy policy, Map<String, Signal> signals) {
        this.name = name;
        this.policy = policy;
        policy.above().keySet().forEach(signal -> above.add(signals.get(signal)));
        this.limits = policy.above().values().stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
        this.lastHeld = new double[limits.length];
        Arrays.fill(lastHeld, Double.NEGATIVE_INFINITY);
        this.latched = policy.latched().stream().sorted().map(signals::get).toList();
        this.unlessLatched =
                policy.unlessLatched().stream().sorted().map(signals::get).toList();
    }

    /** What it says about a step, given how many steps were observed before. */
    Reading inspect(StepTelemetry telemetry, long observed) {
        boolean holdsNow = note(telemetry);
        if (observed < policy.afterObservedSteps()) {
            return Reading.absent(name);
        }
        boolean flagged = latched.stream().allMatch(Signal::isLatched);
        boolean free = unlessLatched.stream().noneMatch(Signal::isLatched);
        if (holdsNow && flagged && free && allHeldSince(telemetry.getStep() - policy.withinSteps())) {
            return Reading.firing(above.get(0).explain(name, telemetry, limits[0]));
        }
        boolean elevated = flagged && !latched.isEmpty();
        return Reading.of(name, elevated ? Level.ELEVATED : Level.QUIET);
    }

    private boolean note(StepTelemetry telemetry) {
        boolean any = false;
        for (int i = 0; i < limits.length; i++) {
            if (above.get(i).exceeds(telemetry, limits[i])) {
                lastHeld[i] = telemetry.getStep();
                any = true;
            }
        }
        return any;
    }

    private boolean allHeldSince(long stepBefore) {
        for (double held : lastHeld) {
            if (held <= stepBefore) {
                return false;
            }
        }
        return true;
    }

    String name() {
        return name;
    }

    @Override
    public void save(DoubleConsumer out) {
        for (double held : lastHeld) {
            out.accept(held);
        }
    }

    @Override
    public void load(DoubleSupplier in) {
        Arrays.setAll(lastHeld, i -> in.getAsDouble());
    }
}
