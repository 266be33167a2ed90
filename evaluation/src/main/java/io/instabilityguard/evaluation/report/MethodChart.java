package io.instabilityguard.evaluation.report;

import java.util.List;
import java.util.function.ObjDoubleConsumer;

/** Charts that compare methods: one row each, values from left to right. */
public final class MethodChart {
    private static final int ROW = 20;
    private static final int BAR = 12;
    private static final double DOT = 5;

    private MethodChart() {}

    /**
     * A rate with its confidence interval.
     *
     * @param name of the method
     * @param style CSS class that gives the colour
     * @param rate from 0 to 1
     * @param low lower end of the interval
     * @param high upper end
     */
    public record Rate(String name, String style, double rate, double low, double high) {}

    /**
     * Single values, such as one per run.
     *
     * @param name of the method
     * @param style CSS class that gives the colour
     * @param values finite ones
     */
    public record Strip(String name, String style, List<Double> values) {}

    /** Bars from 0 to 1 with their intervals. */
    public static String rates(String title, List<Rate> rows) {
        Scale scale = Scale.linear(0, 1, Frame.LEFT, Frame.RIGHT);
        Svg svg = open(title, rows.size(), scale);
        each(rows, (row, y) -> {
            double end = scale.pixel(row.rate());
            String tip =
                    "%s: %.2f, 95 %% interval %.2f to %.2f".formatted(row.name(), row.rate(), row.low(), row.high());
            svg.text("tick end", Frame.LEFT - 8, y + BAR - 2, row.name());
            svg.rectangle("bar " + row.style(), Frame.LEFT, y, end - Frame.LEFT, BAR, tip);
            svg.line("axis", scale.pixel(row.low()), y + BAR / 2.0, scale.pixel(row.high()), y + BAR / 2.0);
        });
        return svg.close();
    }

    /** One dot per value, on a common axis. */
    public static String strips(String title, List<Strip> rows) {
        double low = rows.stream()
                .flatMap(row -> row.values().stream())
                .mapToDouble(one -> one)
                .min()
                .orElse(0);
        double high = rows.stream()
                .flatMap(row -> row.values().stream())
                .mapToDouble(one -> one)
                .max()
                .orElse(1);
        Scale scale = Scale.linear(low, high, Frame.LEFT + DOT, Frame.RIGHT - DOT);
        Svg svg = open(title, rows.size(), scale);
        each(rows, (row, y) -> {
            svg.text("tick end", Frame.LEFT - 8, y + BAR - 2, row.name());
            row.values()
                    .forEach(value -> svg.rectangle(
                            "dot " + row.style(),
                            scale.pixel(value) - DOT / 2,
                            y + (BAR - DOT) / 2,
                            DOT,
                            DOT,
                            row.name() + ": " + Scale.label(value)));
        });
        return svg.close();
    }

    private static Svg open(String title, int rows, Scale scale) {
        int bottom = Frame.TOP + ROW * rows;
        Svg svg = new Svg(Frame.WIDTH, bottom + 24, title);
        for (double tick : scale.ticks()) {
            svg.line("grid", scale.pixel(tick), Frame.TOP, scale.pixel(tick), bottom);
            svg.text("tick middle", scale.pixel(tick), bottom + 16, Scale.label(tick));
        }
        return svg;
    }

    private static <T> void each(List<T> rows, ObjDoubleConsumer<T> draw) {
        for (int i = 0; i < rows.size(); i++) {
            draw.accept(rows.get(i), Frame.TOP + (double) ROW * i);
        }
    }
}
