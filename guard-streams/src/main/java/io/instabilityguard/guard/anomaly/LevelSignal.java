package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.policy.SignalPolicy;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** A scalar as it is, without a baseline. */
final class LevelSignal implements Signal {

    private final SignalPolicy.Level policy;

    LevelSignal(SignalPolicy.Level policy) {
        this.policy = policy;
    }

    @Override
    public boolean exceeds(StepTelemetry telemetry, double limit) {
        return policy.metric().of(telemetry) > limit;
    }

    @Override
    public Finding explain(String detector, StepTelemetry telemetry, double limit) {
        double value = policy.metric().of(telemetry);
        long step = telemetry.getStep();
        String metric = policy.metric().label();
        String message = "%s is %.4g, above %.4g".formatted(metric, value, limit);
        return new Finding(detector, metric, List.of(), value, Double.NaN, limit, step, step, Double.NaN, message);
    }

    @Override
    public void save(DoubleConsumer out) {}

    @Override
    public void load(DoubleSupplier in) {}
}
