package io.instabilityguard.guard.baseline;

import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** The last {@code window} points (step, value): their least-squares slope and when the line reaches a limit. */
public final class Trend implements Persistent {

    private static final int LEAST_POINTS = 5;

    private final double[] steps;
    private final double[] values;
    private int next;
    private int size;

    /** A trend over at most {@code window} points, none so far. */
    public Trend(int window) {
        if (window < 2) {
            throw new IllegalArgumentException("window=" + window);
        }
        steps = new double[window];
        values = new double[window];
    }

    /** Adds a point; the oldest leaves when the window is full. */
    public void add(long step, double value) {
        steps[next] = step;
        values[next] = value;
        next = (next + 1) % steps.length;
        size = Math.min(size + 1, steps.length);
    }

    /** Change of the value per step; NaN with fewer than two points. */
    public double slope() {
        double meanStep = mean(steps);
        double meanValue = mean(values);
        double covariance = 0;
        double spread = 0;
        for (int i = 0; i < size; i++) {
            covariance += (steps[i] - meanStep) * (values[i] - meanValue);
            spread += (steps[i] - meanStep) * (steps[i] - meanStep);
        }
        return covariance / spread;
    }

    /** Whether the slope is at least twice its standard error, by at least five points: there is one, and not only noise. */
    public boolean hasClearSlope() {
        if (size < LEAST_POINTS) {
            return false;
        }
        double slope = slope();
        double meanStep = mean(steps);
        double meanValue = mean(values);
        double residual = 0;
        double spread = 0;
        for (int i = 0; i < size; i++) {
            double off = values[i] - meanValue - slope * (steps[i] - meanStep);
            residual += off * off;
            spread += (steps[i] - meanStep) * (steps[i] - meanStep);
        }
        return Math.abs(slope) > 2 * Math.sqrt(residual / (size - 2) / spread);
    }

    /** Steps until the line from the last value reaches {@code limit}: 0 when it is there, NaN when it leads away. */
    public double stepsTo(double limit) {
        double distance = limit - last();
        double steps = distance / slope();
        return distance == 0 ? 0 : steps > 0 ? steps : Double.NaN;
    }

    /** The first step in the window; NaN when it is empty. */
    public double firstStep() {
        return size == 0 ? Double.NaN : steps[size < steps.length ? 0 : next];
    }

    private double last() {
        return size == 0 ? Double.NaN : values[(next + values.length - 1) % values.length];
    }

    private double mean(double[] of) {
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += of[i];
        }
        return sum / size;
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(next);
        out.accept(size);
        for (int i = 0; i < size; i++) {
            out.accept(steps[i]);
            out.accept(values[i]);
        }
    }

    @Override
    public void load(DoubleSupplier in) {
        next = (int) in.getAsDouble();
        size = (int) in.getAsDouble();
        for (int i = 0; i < size; i++) {
            steps[i] = in.getAsDouble();
            values[i] = in.getAsDouble();
        }
    }
}
