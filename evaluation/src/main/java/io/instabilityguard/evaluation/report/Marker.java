package io.instabilityguard.evaluation.report;

/**
 * Something that happened at a step.
 *
 * @param step when
 * @param kind which mark to draw
 * @param title what, for the tool tip
 */
public record Marker(long step, Kind kind, String title) {
    /** What is marked; the name in lower case is the CSS class. */
    public enum Kind {
        /** An anomaly was raised. */
        ANOMALY,
        /** A command changed the run. */
        COMMAND
    }
}
