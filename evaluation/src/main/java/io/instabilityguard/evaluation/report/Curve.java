package io.instabilityguard.evaluation.report;

import java.util.List;
import java.util.Locale;

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
