package io.instabilityguard.schemas;

/**
 * The trace that a step begins, as W3C Trace Context (level 1) writes it. It follows from run, generation and step, so that all ranks begin the same
 * one; Kafka Streams carries the header on to everything that the step leads to: anomalies, decisions and commands.
 */
public final class StepTrace {
    /** Name of the record header. */
    public static final String HEADER = "traceparent";

    private static final int TRACE_DIGITS = 32;
    private static final int SPAN_DIGITS = 16;

    private StepTrace() {}

    /** The header's value for one rank's record of a step: {@code 00-<trace>-<span>-01}. */
    public static String of(StepTelemetry step) {
        return of(step.getRun(), step.getGeneration(), step.getStep(), step.getProcessRank());
    }

    /** The same, for what one rank did about a step. */
    public static String of(String run, long generation, long step, int processRank) {
        String trace = run + "/" + generation + "/" + step;
        return "00-%s-%s-01"
                .formatted(
                        Sha256.hex(trace).substring(0, TRACE_DIGITS),
                        Sha256.hex(trace + "/" + processRank).substring(0, SPAN_DIGITS));
    }
}
