package io.instabilityguard.evaluation.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * One line of a chart.
 *
 * @param name for the legend
 * @param style CSS class that gives the colour
 * @param points in order of step; a value that is not finite ends the line
 */
public record Curve(String name, String style, List<Point> points) {
    /** A value at a step. */
    public record Point(long step, double value) {
        boolean isFinite() {
            return Double.isFinite(value);
        }
    }

    /** The same with every value replaced by the mean of the last few, itself included; a value that is not finite stays. */
    public Curve smoothed(int values) {
        List<Point> means = IntStream.range(0, points.size())
                .mapToObj(i -> new Point(points.get(i).step(), meanUpTo(i, values)))
                .toList();
        return new Curve(name, style, means);
    }

    private double meanUpTo(int last, int values) {
        return points.get(last).isFinite()
                ? points.subList(Math.max(0, last - values + 1), last + 1).stream()
                        .filter(Point::isFinite)
                        .mapToDouble(Point::value)
                        .average()
                        .orElse(Double.NaN)
                : Double.NaN;
    }

    String path(Scale steps, Scale values) {
        StringBuilder path = new StringBuilder();
        boolean pen = false;
        for (Point point : points) {
            if (point.isFinite()) {
                path.append(String.format(
                        Locale.ROOT,
                        "%s%.1f %.1f",
                        pen ? "L" : "M",
                        steps.pixel(point.step()),
                        values.pixel(point.value())));
            }
            pen = point.isFinite();
        }
        return path.toString();
    }
}
