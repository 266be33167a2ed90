package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.policy.Quantity;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** The last values of one quantity with the steps that they describe, for comparing before and after an intervention. */
public final class Trace implements Persistent {

    private static final int WINDOW = 5;

    private final Quantity quantity;
    private final long[] steps = new long[WINDOW];
    private final double[] values = new double[WINDOW];
    private int size;

    /** An empty trace. */
    public Trace(Quantity quantity) {
        this.quantity = quantity;
    }

    /** Adds what a step says about the quantity, if it says anything finite. */
    void take(Observation observation) {
        Measurement measurement = Measurement.of(quantity, observation);
        if (Double.isFinite(measurement.value())) {
            add(measurement.step(), measurement.value());
        }
    }

    /** Adds a value. */
    void add(long step, double value) {
        int kept = Math.min(size, WINDOW - 1);
        System.arraycopy(steps, size - kept, steps, 0, kept);
        System.arraycopy(values, size - kept, values, 0, kept);
        steps[kept] = step;
        values[kept] = value;
        size = kept + 1;
    }

    /** Mean of the values of steps after {@code step}; NaN when there are none. */
    public double meanAfter(long step) {
        double sum = 0;
        int count = 0;
        for (int i = 0; i < size; i++) {
            if (steps[i] > step) {
                sum += values[i];
                count++;
            }
        }
        return sum / count;
    }

    /** Mean of the values; NaN when there are none. */
    public double mean() {
        return meanAfter(Long.MIN_VALUE);
    }

    /** Standard deviation of the values; 0 for one, NaN for none. */
    public double deviation() {
        double mean = mean();
        double squares = 0;
        for (int i = 0; i < size; i++) {
            squares += (values[i] - mean) * (values[i] - mean);
        }
        return Math.sqrt(squares / size);
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(size);
        for (int i = 0; i < size; i++) {
            out.accept(steps[i]);
            out.accept(values[i]);
        }
    }

    @Override
    public void load(DoubleSupplier in) {
        size = (int) in.getAsDouble();
        for (int i = 0; i < size; i++) {
            steps[i] = (long) in.getAsDouble();
            values[i] = in.getAsDouble();
        }
    }
}
