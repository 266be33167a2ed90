package io.instabilityguard.guard.baseline;

import java.util.ArrayDeque;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** The values of the last {@code steps} steps and the newest one before them. */
public final class History implements Persistent {

    private final int steps;
    private final ArrayDeque<double[]> points = new ArrayDeque<>();

    /** An empty history that reaches back so many steps. */
    public History(int steps) {
        if (steps < 1) {
            throw new IllegalArgumentException("steps=" + steps);
        }
        this.steps = steps;
    }

    /** Adds the value of a step later than all before. */
    public void add(long step, double value) {
        points.addLast(new double[] {step, value});
        double[] oldest = points.removeFirst();
        while (!points.isEmpty() && points.getFirst()[0] <= step - steps) {
            oldest = points.removeFirst();
        }
        points.addFirst(oldest);
    }

    /** The newest value that is at least {@code steps} steps older than {@code now}; NaN when there is none. */
    public double valueBefore(long now) {
        double value = Double.NaN;
        for (double[] point : points) {
            if (point[0] > now - steps) {
                break;
            }
            value = point[1];
        }
        return value;
    }

    /** How many steps before {@code now} its oldest value is; 0 when it has none. */
    public long reach(long now) {
        return points.isEmpty() ? 0 : now - (long) points.getFirst()[0];
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(points.size());
        for (double[] point : points) {
            out.accept(point[0]);
            out.accept(point[1]);
        }
    }

    @Override
    public void load(DoubleSupplier in) {
        points.clear();
        int size = (int) in.getAsDouble();
        for (int i = 0; i < size; i++) {
            points.addLast(new double[] {in.getAsDouble(), in.getAsDouble()});
        }
    }
}
