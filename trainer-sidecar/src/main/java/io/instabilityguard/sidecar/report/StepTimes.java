package io.instabilityguard.sidecar.report;

import java.util.Arrays;

/** When the telemetry of each of the last {@value #STEPS} steps was handed to the producer, on a monotonic clock. Any thread. */
final class StepTimes {
    private static final int STEPS = 4096;

    private final long[] steps = new long[STEPS];
    private final long[] nanos = new long[STEPS];

    StepTimes() {
        Arrays.fill(steps, -1);
    }

    synchronized void record(long step, long atNanos) {
        int slot = slot(step);
        steps[slot] = step;
        nanos[slot] = atNanos;
    }

    /** Milliseconds from that step's record to {@code nowNanos}; NaN when the step is not remembered. */
    synchronized double millisSince(long step, long nowNanos) {
        int slot = slot(step);
        return step >= 0 && steps[slot] == step ? (nowNanos - nanos[slot]) / 1e6 : Double.NaN;
    }

    private static int slot(long step) {
        return (int) Math.floorMod(step, (long) STEPS);
    }
}
