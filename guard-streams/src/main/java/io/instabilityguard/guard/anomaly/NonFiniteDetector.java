package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.Metric;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/**
 * NaN or infinity where there should be numbers. An infinite scalar and a matrix that is not finite always count. A scalar that is NaN may just be unknown
 * to the trainer: it counts once it has been a number before in this generation.
 */
final class NonFiniteDetector implements Persistent {

    /** Name of the detector; it needs no settings. */
    static final String NAME = Policy.NON_FINITE;

    private final List<Metric> metrics = List.copyOf(Metric.scalars());
    private final boolean[] known = new boolean[metrics.size()];

    /** The scalar or the matrices that are not finite at this step, scalars first. */
    Optional<Finding> inspect(StepTelemetry telemetry) {
        Optional<Finding> finding = ofScalars(telemetry).or(() -> ofLayers(telemetry));
        learn(telemetry);
        return finding;
    }

    /** Whether a finding is about scalars, so that nothing can be learned from the step. */
    static boolean isOfScalars(Finding finding) {
        return finding.layers().isEmpty();
    }

    private void learn(StepTelemetry telemetry) {
        for (int i = 0; i < known.length; i++) {
            known[i] |= Double.isFinite(metrics.get(i).of(telemetry));
        }
    }

    private Optional<Finding> ofScalars(StepTelemetry telemetry) {
        for (int i = 0; i < known.length; i++) {
            double value = metrics.get(i).of(telemetry);
            if (Double.isInfinite(value) || Double.isNaN(value) && known[i]) {
                String metric = metrics.get(i).label();
                return Optional.of(finding(telemetry.getStep(), metric, List.of(), value, metric + " is " + value));
            }
        }
        return Optional.empty();
    }

    private static Optional<Finding> ofLayers(StepTelemetry telemetry) {
        List<String> broken = telemetry.getLayers().stream()
                .filter(layer -> !layer.getFinite())
                .map(LayerSpectrum::getName)
                .toList();
        return broken.isEmpty()
                ? Optional.empty()
                : Optional.of(finding(
                        telemetry.getStep(),
                        "weights",
                        broken,
                        Double.NaN,
                        "NaN or infinity in " + String.join(", ", broken)));
    }

    private static Finding finding(long step, String metric, List<String> layers, double value, String message) {
        return new Finding(NAME, metric, layers, value, Double.NaN, Double.NaN, step, step, Double.NaN, message);
    }

    @Override
    public void save(DoubleConsumer out) {
        for (boolean was : known) {
            out.accept(was ? 1 : 0);
        }
    }

    @Override
    public void load(DoubleSupplier in) {
        for (int i = 0; i < known.length; i++) {
            known[i] = in.getAsDouble() != 0;
        }
    }
}
