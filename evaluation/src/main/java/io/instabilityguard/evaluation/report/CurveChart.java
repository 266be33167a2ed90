package io.instabilityguard.evaluation.report;

import java.util.List;
import java.util.Locale;

/** Lines without a run's events: losses of several methods, receiver operating characteristics. */
public final class CurveChart {
    private static final int SIDE = 420;

    private CurveChart() {}

    /**
     * Values over steps, with a legend.
     *
     * @param cap values above it are drawn at the upper border
     */
    public static String overSteps(String title, List<Curve> curves, long lastStep, double cap) {
        return "<p class=\"legend\">" + HtmlReport.legend(curves) + "</p>\n"
                + LineChart.linear(title, new Frame(lastStep, List.of()), curves, cap);
    }

    /** A rate from 0 to 1 on both axes. */
    public record Rates(double across, double up) {}

    /**
     * Receiver operating characteristic.
     *
     * @param name for the legend
     * @param style CSS class that gives the colour
     * @param points from (0, 0) to (1, 1): false alarm rate across, detection rate up
     */
    public record Characteristic(String name, String style, List<Rates> points) {}

    /** Several characteristics in one square, with a legend. */
    public static String characteristics(String title, List<Characteristic> lines) {
        Scale across = Scale.linear(0, 1, 60, SIDE - 20);
        Scale up = Scale.linear(0, 1, SIDE - 30, 16);
        Svg svg = new Svg(SIDE, SIDE, title);
        for (double tick : across.ticks()) {
            svg.line("grid", across.pixel(tick), up.pixel(0), across.pixel(tick), up.pixel(1));
            svg.line("grid", across.pixel(0), up.pixel(tick), across.pixel(1), up.pixel(tick));
            svg.text("tick middle", across.pixel(tick), up.pixel(0) + 16, Scale.label(tick));
            svg.text("tick end", across.pixel(0) - 8, up.pixel(tick) + 4, Scale.label(tick));
        }
        svg.line("axis", across.pixel(0), up.pixel(0), across.pixel(1), up.pixel(1));
        lines.forEach(line -> svg.path("curve " + line.style(), path(line, across, up)));
        List<Curve> legend = lines.stream()
                .map(line -> new Curve(line.name(), line.style(), List.of()))
                .toList();
        return "<p class=\"legend\">" + HtmlReport.legend(legend) + "</p>\n<div class=\"square\">" + svg.close()
                + "</div>\n";
    }

    private static String path(Characteristic line, Scale across, Scale up) {
        StringBuilder path = new StringBuilder();
        for (Rates point : line.points()) {
            path.append(String.format(
                    Locale.ROOT,
                    "%s%.1f %.1f",
                    path.isEmpty() ? "M" : "L",
                    across.pixel(point.across()),
                    up.pixel(point.up())));
        }
        return path.toString();
    }
}
