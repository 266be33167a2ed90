package io.instabilityguard.evaluation.incident;

import io.instabilityguard.evaluation.report.Curve;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleBinaryOperator;

/** A curve of any length in a bounded number of points: neighbours are merged, and the worse of two values stays, so that no spike is lost. */
final class WorstPoints {
    private static final int MOST = 1_000;

    private final DoubleBinaryOperator worse;
    private List<Curve.Point> points = new ArrayList<>();
    private int stride = 1;
    private int inLast;

    /** Points of which the value that {@code worse} gives of two stays; what is not finite is the worst. */
    WorstPoints(DoubleBinaryOperator worse) {
        this.worse = worse;
    }

    void add(long step, double value) {
        if (inLast > 0) {
            points.set(points.size() - 1, merged(points.get(points.size() - 1), new Curve.Point(step, value)));
        } else {
            points.add(new Curve.Point(step, value));
        }
        inLast = (inLast + 1) % stride;
        if (points.size() > MOST) {
            halve();
        }
    }

    /** Forgets this step and all after it: they are trained anew. */
    void cutFrom(long step) {
        points.removeIf(point -> point.step() >= step);
        inLast = 0;
    }

    List<Curve.Point> points() {
        return List.copyOf(points);
    }

    private void halve() {
        List<Curve.Point> half = new ArrayList<>();
        for (int i = 0; i < points.size(); i += 2) {
            half.add(i + 1 < points.size() ? merged(points.get(i), points.get(i + 1)) : points.get(i));
        }
        points = half;
        stride *= 2;
        inLast = 0;
    }

    private Curve.Point merged(Curve.Point a, Curve.Point b) {
        if (!Double.isFinite(a.value())) {
            return a;
        }
        if (!Double.isFinite(b.value())) {
            return b;
        }
        return new Curve.Point(a.step(), worse.applyAsDouble(a.value(), b.value()));
    }
}
