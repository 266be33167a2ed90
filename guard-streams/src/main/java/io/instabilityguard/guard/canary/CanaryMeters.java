package io.instabilityguard.guard.canary;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Shows how canaries fare: {@code guard_canary_probes_total{result}}, {@code guard_canary_latency_seconds} of those that were detected, {@code
 * guard_canary_last_detected_timestamp_seconds} (the start, before the first) and {@code guard_canary_interval_seconds}.
 */
public final class CanaryMeters {

    private static final double MILLIS = 1_000;
    private static final Duration[] BUCKETS = Stream.of(50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)
            .map(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final Counter detected;
    private final Counter missed;
    private final Timer latency;
    private final AtomicLong lastDetectedMs;
    private final Clock clock;

    /** Meters of probes that follow each other at this interval. */
    public CanaryMeters(MeterRegistry registry, Duration interval, Clock clock) {
        this.clock = clock;
        lastDetectedMs = new AtomicLong(clock.millis());
        detected = probes(registry, "detected");
        missed = probes(registry, "missed");
        latency = Timer.builder("guard.canary.latency")
                .description("From sending a planted anomaly to reading its alarm.")
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
        Gauge.builder("guard.canary.last.detected.timestamp", lastDetectedMs, last -> last.get() / MILLIS)
                .description("When a canary was last detected, seconds since the epoch; the start, before the first.")
                .baseUnit("seconds")
                .register(registry);
        Gauge.builder("guard.canary.interval", () -> interval.toMillis() / MILLIS)
                .description("Time between two probes.")
                .baseUnit("seconds")
                .register(registry);
    }

    /** Counts one. */
    public void count(CanaryResult result) {
        if (result.isDetected()) {
            detected.increment();
            latency.record(result.latency());
            lastDetectedMs.set(clock.millis());
        } else {
            missed.increment();
        }
    }

    private static Counter probes(MeterRegistry registry, String result) {
        return Counter.builder("guard.canary.probes")
                .description("Synthetic collapses that were sent.")
                .tag("result", result)
                .register(registry);
    }
}
