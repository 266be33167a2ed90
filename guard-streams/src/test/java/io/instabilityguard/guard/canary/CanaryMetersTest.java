package io.instabilityguard.guard.canary;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.SetClock;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class CanaryMetersTest {

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final SetClock clock = new SetClock(Instant.ofEpochSecond(1_000));
    private final CanaryMeters meters = new CanaryMeters(registry, Duration.ofMinutes(5), clock);

    @Test
    void shouldBeginAsIfACanaryHadJustBeenDetected() {
        assertThat(registry.scrape())
                .contains(
                        "guard_canary_last_detected_timestamp_seconds 1000.0",
                        "guard_canary_interval_seconds 300.0",
                        "guard_canary_probes_total{result=\"missed\"} 0.0");
    }

    @Test
    void shouldMoveOnlyWithADetection() {
        clock.advance(Duration.ofSeconds(300));
        meters.count(new CanaryResult(false, Duration.ofSeconds(30), "no guard raised an alarm"));
        assertThat(registry.scrape())
                .contains(
                        "guard_canary_last_detected_timestamp_seconds 1000.0",
                        "guard_canary_latency_seconds_count 0",
                        "guard_canary_probes_total{result=\"missed\"} 1.0");

        clock.advance(Duration.ofSeconds(300));
        meters.count(new CanaryResult(true, Duration.ofMillis(700), ""));
        assertThat(registry.scrape())
                .contains(
                        "guard_canary_last_detected_timestamp_seconds 1600.0",
                        "guard_canary_latency_seconds_bucket{le=\"0.5\"} 0",
                        "guard_canary_latency_seconds_bucket{le=\"1.0\"} 1",
                        "guard_canary_probes_total{result=\"detected\"} 1.0");
    }
}
