package io.instabilityguard.guard.baseline;

import java.util.Arrays;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** The last {@code window} values added, oldest first. */
public final class RecentValues implements Persistent {

    private final double[] values;
    private int size;

    /** At most {@code window} values, none so far; a window of 0 keeps nothing. */
    public RecentValues(int window) {
        values = new double[window];
    }

    /** Adds a value; the oldest leaves when the window is full. */
    public void add(double value) {
        if (size == values.length && size > 0) {
            System.arraycopy(values, 1, values, 0, size - 1);
            size--;
        }
        if (size < values.length) {
            values[size++] = value;
        }
    }

    /** How many values there are. */
    public int size() {
        return size;
    }

    /** A copy of the values, with room for {@code more} at the end. */
    public double[] values(int more) {
        return Arrays.copyOf(values, size + more);
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(size);
        for (int i = 0; i < size; i++) {
            out.accept(values[i]);
        }
    }

    @Override
    public void load(DoubleSupplier in) {
        size = (int) in.getAsDouble();
        for (int i = 0; i < size; i++) {
            values[i] = in.getAsDouble();
        }
    }
}
