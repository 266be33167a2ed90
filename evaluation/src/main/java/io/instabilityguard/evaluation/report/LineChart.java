package io.instabilityguard.evaluation.report;

import java.util.DoubleSummaryStatistics;
import java.util.List;

/** Values over steps. */
final class LineChart {
    private static final int HEIGHT = 250;
    private static final int BOTTOM = HEIGHT - 24;

    private LineChart() {}

    /**
     * Draws on a linear axis.
     *
     * @param cap values above it are drawn at the upper border
     */
    static String linear(String title, Frame frame, List<Curve> curves, double cap) {
        DoubleSummaryStatistics extent = extent(curves);
        Scale values = Scale.linear(extent.getMin(), Math.min(cap, extent.getMax()), BOTTOM, Frame.TOP);
        return draw(title, frame, curves, values);
    }

    /** Draws on a logarithmic axis that spans whole decades, at most nine. */
    static String logarithmic(String title, Frame frame, List<Curve> curves) {
        DoubleSummaryStatistics extent = extent(curves);
        double low = Math.pow(10, Math.floor(Math.log10(Math.max(extent.getMin(), 1e-9))));
        double high = Math.pow(10, Math.ceil(Math.log10(Math.max(extent.getMax(), 1e-8))));
        return draw(title, frame, curves, Scale.logarithmic(low, Math.min(high, low * 1e9), BOTTOM, Frame.TOP));
    }

    private static DoubleSummaryStatistics extent(List<Curve> curves) {
        DoubleSummaryStatistics extent = curves.stream()
                .flatMap(curve -> curve.points().stream())
                .filter(Curve.Point::isFinite)
                .mapToDouble(Curve.Point::value)
                .summaryStatistics();
        if (extent.getCount() == 0) {
            extent.accept(0);
        }
        return extent;
    }

    private static String draw(String title, Frame frame, List<Curve> curves, Scale values) {
        Svg svg = new Svg(Frame.WIDTH, HEIGHT, title);
        for (double tick : values.ticks()) {
            svg.line("grid", Frame.LEFT, values.pixel(tick), Frame.RIGHT, values.pixel(tick));
            svg.text("tick end", Frame.LEFT - 8, values.pixel(tick) + 4, Scale.label(tick));
        }
        frame.drawStepAxis(svg, BOTTOM);
        frame.drawMarkers(svg, BOTTOM);
        for (Curve curve : curves) {
            svg.path("curve " + curve.style(), curve.path(frame.steps(), values));
        }
        return svg.close();
    }
}
