package io.instabilityguard.evaluation.report;

import java.util.List;
import java.util.Locale;

/**
 * The common drawing area of all charts of a report: the same steps lie on the same pixels.
 *
 * @param lastStep right end of the axis
 * @param markers drawn over every chart
 */
record Frame(long lastStep, List<Marker> markers) {
    static final int WIDTH = 1000;
    static final int LEFT = 165;
    static final int RIGHT = 985;
    static final int TOP = 16;

    Scale steps() {
        return Scale.linear(0, lastStep, LEFT, RIGHT);
    }

    void drawStepAxis(Svg svg, double bottom) {
        svg.line("axis", LEFT, bottom, RIGHT, bottom);
        for (double tick : steps().ticks()) {
            svg.text("tick middle", steps().pixel(tick), bottom + 16, Scale.label(tick));
        }
        svg.text("tick end", LEFT - 8, bottom + 16, "step");
    }

    void drawMarkers(Svg svg, double bottom) {
        for (Marker marker : markers) {
            String style = marker.kind().name().toLowerCase(Locale.ROOT);
            double x = steps().pixel(marker.step());
            svg.line(style, x, TOP, x, bottom);
            svg.pointer(style, x, TOP, "step " + marker.step() + ": " + marker.title());
        }
    }
}
