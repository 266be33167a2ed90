package io.instabilityguard.schemas;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The trace that a step begins, as W3C Trace Context (level 1) writes it. It follows from run, generation and step, so that all ranks begin the same
 * one; Kafka Streams carries the header on to everything that the step leads to: anomalies, decisions and commands.
 */
public final class StepTrace {
    /** Name of the record header. */
    public static final String HEADER = "traceparent";

    private static final int TRACE_BYTES = 16;
    private static final int SPAN_BYTES = 8;

    private StepTrace() {}

    /** The header's value for one rank's record of a step: {@code 00-<trace>-<span>-01}. */
    public static String of(StepTelemetry step) {
        String trace = step.getRun() + "/" + step.getGeneration() + "/" + step.getStep();
        return "00-" + hex(trace, TRACE_BYTES) + "-" + hex(trace + "/" + step.getProcessRank(), SPAN_BYTES) + "-01";
    }

    private static String hex(String text, int bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
