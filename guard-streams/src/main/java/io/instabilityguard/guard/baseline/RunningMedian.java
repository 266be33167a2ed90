package io.instabilityguard.guard.baseline;

import java.util.Arrays;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** Median of the last {@code window} values added. Sorting a window of tens costs less than keeping two heaps. */
public final class RunningMedian implements Persistent {

    private final double[] values;
    private int next;
    private int size;

    /** A median of at most {@code window} values, none so far. */
    public RunningMedian(int window) {
        if (window < 1) {
            throw new IllegalArgumentException("window=" + window);
        }
        values = new double[window];
    }

    /** Adds a value; the oldest leaves when the window is full. */
    public void add(double value) {
        values[next] = value;
        next = (next + 1) % values.length;
        size = Math.min(size + 1, values.length);
    }

    /** How many values are in the window. */
    public int size() {
        return size;
    }

    /** The median: mean of the two middle values for an even number of values; NaN when there are none. */
    public double median() {
        if (size == 0) {
            return Double.NaN;
        }
        double[] sorted = Arrays.copyOf(values, size);
        Arrays.sort(sorted);
        return (sorted[(size - 1) / 2] + sorted[size / 2]) / 2;
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(next);
        out.accept(size);
        for (double value : values) {
            out.accept(value);
        }
    }

    @Override
    public void load(DoubleSupplier in) {
        next = (int) in.getAsDouble();
        size = (int) in.getAsDouble();
        for (int i = 0; i < values.length; i++) {
            values[i] = in.getAsDouble();
        }
    }
}
