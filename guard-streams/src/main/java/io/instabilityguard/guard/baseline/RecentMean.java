package io.instabilityguard.guard.baseline;

import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** Mean of the last {@code window} values added, summed from the oldest to the newest. */
public final class RecentMean implements Persistent {

    private final double[] values;
    private long count;

    /** A mean of at most {@code window} values, none so far. */
    public RecentMean(int window) {
        if (window < 1) {
            throw new IllegalArgumentException("window=" + window);
        }
        values = new double[window];
    }

    /** Adds a value; the oldest leaves when the window is full. */
    public void add(double value) {
        values[(int) (count++ % values.length)] = value;
    }

    /** The mean; NaN when there are no values or one is NaN. */
    public double mean() {
        double sum = 0;
        for (long i = Math.max(0, count - values.length); i < count; i++) {
            sum += values[(int) (i % values.length)];
        }
        return sum / Math.min(count, values.length);
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(count);
        for (double value : values) {
            out.accept(value);
        }
    }

    @Override
    public void load(DoubleSupplier in) {
        count = (long) in.getAsDouble();
        for (int i = 0; i < values.length; i++) {
            values[i] = in.getAsDouble();
        }
    }
}
