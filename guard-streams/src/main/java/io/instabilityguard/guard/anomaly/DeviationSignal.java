package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.WinsorisedMoments;
import io.instabilityguard.guard.policy.SignalPolicy;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** Deviations of a scalar above its slow mean: see {@link WinsorisedMoments}. */
final class DeviationSignal implements Signal {

    private final SignalPolicy.Deviation policy;
    private final WinsorisedMoments moments;

    DeviationSignal(SignalPolicy.Deviation policy) {
        this.policy = policy;
        this.moments = new WinsorisedMoments(
                policy.decay(),
                policy.leastDeviation(),
                policy.firstVariance(),
                policy.mostZ(),
                policy.mostZAfterSteps());
    }

    @Override
    public boolean exceeds(StepTelemetry telemetry, double limit) {
        return moments.z(policy.metric().of(telemetry)) > limit;
    }

    @Override
    public void learn(StepTelemetry telemetry) {
        double value = policy.metric().of(telemetry);
        if (Double.isFinite(value)) {
            moments.add(value);
        }
    }

    @Override
    public Finding explain(String detector, StepTelemetry telemetry, double limit) {
        double value = policy.metric().of(telemetry);
        long step = telemetry.getStep();
        String metric = policy.metric().label();
        String message = "%s is %.4g, %.1f deviations above its mean of %.4g"
                .formatted(metric, value, moments.z(value), moments.mean());
        return new Finding(
                detector,
                metric,
                List.of(),
                value,
                moments.mean(),
                moments.valueAt(limit),
                step,
                step,
                Double.NaN,
                message);
    }

    @Override
    public void save(DoubleConsumer out) {
        moments.save(out);
    }

    @Override
    public void load(DoubleSupplier in) {
        moments.load(in);
    }
}
