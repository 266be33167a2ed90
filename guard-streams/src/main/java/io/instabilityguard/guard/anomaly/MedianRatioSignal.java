package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.RunningMedian;
import io.instabilityguard.guard.policy.SignalPolicy;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** Ratio of a scalar to the median of its last values, this one not among them; the median needs no protection from outliers. */
final class MedianRatioSignal implements Signal {

    private final SignalPolicy.MedianRatio policy;
    private final RunningMedian median;

    MedianRatioSignal(SignalPolicy.MedianRatio policy) {
        this.policy = policy;
        this.median = new RunningMedian(policy.windowSteps());
    }

    @Override
    public boolean exceeds(StepTelemetry telemetry, double limit) {
        return policy.metric().of(telemetry) > limit * median.median();
    }

    @Override
    public void learn(StepTelemetry telemetry) {
        double value = policy.metric().of(telemetry);
        if (Double.isFinite(value)) {
            median.add(value);
        }
    }

    @Override
    public Finding explain(String detector, StepTelemetry telemetry, double limit) {
        double value = policy.metric().of(telemetry);
        double usual = median.median();
        long step = telemetry.getStep();
        String metric = policy.metric().label();
        String message = "%s is %.4g, %.1f times its median of %.4g".formatted(metric, value, value / usual, usual);
        return new Finding(
                detector,
                metric,
                List.of(),
                value,
                usual,
                limit * usual,
                Math.max(0, step - median.size()),
                step,
                Double.NaN,
                message);
    }

    @Override
    public void save(DoubleConsumer out) {
        median.save(out);
    }

    @Override
    public void load(DoubleSupplier in) {
        median.load(in);
    }
}
