package io.instabilityguard.evaluation.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Maps values to pixels. Values outside {@code [low, high]} end at the border.
 *
 * @param low smallest value shown
 * @param high largest value shown, above low
 * @param from pixel of low
 * @param to pixel of high
 * @param logarithmic decades are equally long; low must be positive
 */
record Scale(double low, double high, double from, double to, boolean logarithmic) {
    private static final int TICKS = 5;

    static Scale linear(double low, double high, double from, double to) {
        return new Scale(low, high > low ? high : low + 1, from, to, false);
    }

    static Scale logarithmic(double low, double high, double from, double to) {
        double bottom = Math.max(low, 1e-12);
        return new Scale(bottom, high > bottom ? high : bottom * 10, from, to, true);
    }

    double pixel(double value) {
        double clamped = Math.max(low, Math.min(high, value));
        double share = (transformed(clamped) - transformed(low)) / (transformed(high) - transformed(low));
        return from + share * (to - from);
    }

    private double transformed(double value) {
        return logarithmic ? Math.log(value) : value;
    }

    /** Round values to label. */
    List<Double> ticks() {
        return logarithmic ? decades() : roundSteps();
    }

    private List<Double> decades() {
        int first = (int) Math.ceil(Math.log10(low) - 1e-9);
        int last = (int) Math.floor(Math.log10(high) + 1e-9);
        int stride = Math.max(1, (last - first) / TICKS);
        List<Double> powers = IntStream.rangeClosed(first, last)
                .filter(exponent -> (exponent - first) % stride == 0)
                .mapToObj(exponent -> Math.pow(10, exponent))
                .toList();
        return powers.size() >= 2 ? powers : List.of(low, high);
    }

    private List<Double> roundSteps() {
        double rough = (high - low) / TICKS;
        double magnitude = Math.pow(10, Math.floor(Math.log10(rough)));
        double step = DoubleStream.of(1, 2, 5, 10)
                .map(factor -> factor * magnitude)
                .filter(candidate -> candidate >= rough)
                .findFirst()
                .orElse(rough);
        double first = Math.ceil(low / step) * step;
        return DoubleStream.iterate(first, tick -> tick <= high + step * 1e-6, tick -> tick + step)
                .boxed()
                .toList();
    }

    static String label(double value) {
        double size = Math.abs(value);
        if (value != 0 && (size >= 1e5 || size < 1e-3)) {
            return String.format(Locale.ROOT, "%.0e", value);
        }
        String text = String.format(Locale.ROOT, "%.3f", value);
        return text.replaceAll("0+$", "").replaceAll("\\.$", "");
    }
}
