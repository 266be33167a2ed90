package io.instabilityguard.evaluation.report;

import java.util.List;

/**
 * One chart of a report with its heading.
 *
 * @param title heading
 * @param note one sentence on how to read it
 * @param drawing how it is drawn
 * @param curves lines, or rows of the heat map
 */
public record Panel(String title, String note, Drawing drawing, List<Curve> curves) {
    /** How a chart is drawn. */
    public sealed interface Drawing {}

    /** On a linear axis; values above the cap end at the upper border. */
    public record Linear(double cap) implements Drawing {}

    /** On a logarithmic axis. */
    public record Logarithmic() implements Drawing {}

    /** As a heat map with one row per curve. */
    public record Heat() implements Drawing {}

    String draw(Frame frame) {
        if (drawing instanceof Linear linear) {
            return LineChart.linear(title, frame, curves, linear.cap());
        }
        return drawing instanceof Heat
                ? HeatMap.draw(title, frame, curves)
                : LineChart.logarithmic(title, frame, curves);
    }

    boolean isHeatMap() {
        return drawing instanceof Heat;
    }
}
