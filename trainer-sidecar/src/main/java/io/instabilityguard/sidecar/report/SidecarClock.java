package io.instabilityguard.sidecar.report;

import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * Time, passed in.
 *
 * @param wall for timestamps in records
 * @param nanos for durations; never jumps
 */
public record SidecarClock(InstantSource wall, LongSupplier nanos) {
    /** Epoch milliseconds. */
    public long millis() {
        return wall.millis();
    }

    /** Monotonic nanoseconds. */
    public long nanoTime() {
        return nanos.getAsLong();
    }
}
