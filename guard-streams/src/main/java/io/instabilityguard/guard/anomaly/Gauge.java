package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.Policy.Blindness;
import io.instabilityguard.guard.policy.Quantity;
import io.instabilityguard.schemas.MatrixRole;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** Reads one quantity step by step: its value where it is known, and whether anything can be concluded from its silence. */
final class Gauge implements Persistent {

    private final Quantity quantity;
    private final BlindSpot blindSpot = new BlindSpot();
    private double value = Double.NaN;
    private long arrivedAt = -1;
    private long step = -1;

    Gauge(Quantity quantity) {
        this.quantity = quantity;
    }

    /** Reads the next step. */
    void take(Observation observation) {
        Measurement measurement = Measurement.of(quantity, observation);
        step = observation.step();
        blindSpot.note(measurement.value(), measurement.abstained());
        if (measurement.isKnown()) {
            value = measurement.value();
            arrivedAt = step;
        }
    }

    /** The value that stands at this step; NaN when none does. */
    double value() {
        return arrivedAt >= 0 && step < arrivedAt + quantity.holdSteps() ? value : Double.NaN;
    }

    /** Whether a finite value has arrived with this step. */
    boolean isFresh() {
        return arrivedAt == step && Double.isFinite(value);
    }

    long step() {
        return step;
    }

    Quantity quantity() {
        return quantity;
    }

    /** Whether a layer has a part in it: a matrix by its spectra, anything else by what is measured of it. */
    boolean concerns(String layer, Roster roster) {
        Optional<Roster.Member> matrix = roster.member(layer);
        boolean isWeight = matrix.filter(member -> member.role() != MatrixRole.RESIDUAL_MIXING)
                .isPresent();
        return switch (quantity.metric().source()) {
            case STEP -> false;
            case SPECTRA ->
                matrix.filter(member -> quantity.covers(member.role(), member.depth()))
                        .isPresent();
            case MIXING -> !isWeight;
            case KOOPMAN, STATISTICS -> !isWeight && quantity.depths().contains(roster.depthOfBlock(layer));
        };
    }

    /** Why nothing can be concluded from its silence; empty when something can. */
    Optional<String> blindness(Blindness limits) {
        return blindSpot.reason(limits);
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(value);
        out.accept(arrivedAt);
        out.accept(step);
        blindSpot.save(out);
    }

    @Override
    public void load(DoubleSupplier in) {
        value = in.getAsDouble();
        arrivedAt = (long) in.getAsDouble();
        step = (long) in.getAsDouble();
        blindSpot.load(in);
    }
}
