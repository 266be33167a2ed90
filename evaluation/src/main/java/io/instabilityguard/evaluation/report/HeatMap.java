package io.instabilityguard.evaluation.report;

import java.util.List;

/** One row per layer, one colour per range of values, steps from left to right. */
final class HeatMap {
    /** Upper ends of the ranges of stable rank, in ascending order; the last range is open. */
    static final List<Double> BOUNDS = List.of(1.1, 1.3, 1.6, 2.0, 3.0, 4.5, 7.0, 11.0);

    private static final int ROW = 15;

    private HeatMap() {}

    static String draw(String title, Frame frame, List<Curve> rows) {
        double bottom = Frame.TOP + (double) ROW * rows.size();
        Svg svg = new Svg(Frame.WIDTH, (int) bottom + 24, title);
        for (int row = 0; row < rows.size(); row++) {
            double y = Frame.TOP + (double) ROW * row;
            svg.text("tick end", Frame.LEFT - 8, y + 11, rows.get(row).name());
            drawRow(svg, frame, rows.get(row), y);
        }
        frame.drawStepAxis(svg, bottom);
        frame.drawMarkers(svg, bottom);
        return svg.close();
    }

    /** Neighbours of the same colour become one rectangle. */
    private static void drawRow(Svg svg, Frame frame, Curve row, double y) {
        List<Curve.Point> points = row.points();
        int start = 0;
        for (int end = 1; end <= points.size(); end++) {
            if (end == points.size() || !bucket(points.get(end)).equals(bucket(points.get(start)))) {
                Curve.Point first = points.get(start);
                long until = end == points.size()
                        ? frame.lastStep()
                        : points.get(end).step();
                double x = frame.steps().pixel(first.step());
                String tip = row.name() + ", from step " + first.step() + ": " + Scale.label(first.value());
                svg.rectangle("h" + bucket(first), x, y, frame.steps().pixel(until) - x, ROW - 1, tip);
                start = end;
            }
        }
    }

    private static String bucket(Curve.Point point) {
        if (!point.isFinite()) {
            return "x";
        }
        long below = BOUNDS.stream().filter(bound -> point.value() >= bound).count();
        return String.valueOf(below);
    }
}
