package io.instabilityguard.guard.metrics;

import io.instabilityguard.guard.feed.FeedPlan;
import io.instabilityguard.guard.feed.FeedState;
import io.instabilityguard.guard.feed.TopicFeed;
import io.instabilityguard.schemas.Topics;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.streams.KafkaStreams;

/**
 * The metrics of one guard process in Prometheus' text format.
 *
 * <p>What concerns runs (see {@link PublishedMeters} and {@link RunGauges}) is read from the topics, committed records only, so that every instance shows the same about
 * all runs and counts nothing twice when a transaction is tried again: over instances, take the maximum and not the sum. What concerns the process are {@code
 * guard_running}, {@code guard_telemetry_lag_seconds} (see {@link TelemetryLag}), {@code kafka_…} of Kafka Streams and its clients, {@code jvm_…}.
 */
public final class GuardMetrics implements AutoCloseable {

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final KafkaStreamsMetrics streamsMetrics;
    private final JvmGcMetrics collector = new JvmGcMetrics();
    private final RunGauges runs;
    private final TopicFeed feed;

    /** Kafka's own rates are left out: Prometheus makes them from totals, and a fifth of all series would be rates. */
    private static boolean isRate(Meter.Id meter) {
        return meter.getName().startsWith("kafka.") && meter.getName().endsWith(".rate");
    }

    private GuardMetrics(KafkaStreams streams, Map<String, Object> clients, Set<String> detectors, Clock clock) {
        registry.config().meterFilter(MeterFilter.deny(GuardMetrics::isRate));
        WatchedRuns watched = new WatchedRuns();
        feed = new TopicFeed(
                new FeedPlan(
                        "guard-metrics",
                        List.of(Topics.RUNS),
                        List.of(Topics.ANOMALIES, Topics.COMMANDS, Topics.DECISIONS, Topics.DEAD_LETTERS),
                        Duration.ZERO),
                clients,
                new PublishedMeters(registry, watched, detectors),
                clock);
        runs = new RunGauges(registry, watched, () -> feed.state() == FeedState.LIVE, clock);
        streamsMetrics = new KafkaStreamsMetrics(streams);
        bindProcess(streams);
    }

    /**
     * Measures from now on.
     *
     * @param streams the guard's, already started
     * @param clients settings of Kafka's clients and of the serdes
     * @param detectors names that are shown from the start; others appear with their first anomaly
     */
    public static GuardMetrics start(
            KafkaStreams streams, Map<String, Object> clients, Set<String> detectors, Clock clock) {
        GuardMetrics metrics = new GuardMetrics(streams, clients, detectors, clock);
        metrics.feed.start();
        return metrics;
    }

    private void bindProcess(KafkaStreams streams) {
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        collector.bindTo(registry);
        streamsMetrics.bindTo(registry);
        Gauge.builder("guard.running", () -> streams.state() == KafkaStreams.State.RUNNING ? 1 : 0)
                .description("1 while this process has its partitions and has restored its state.")
                .register(registry);
        Gauge.builder("guard.telemetry.lag", () -> TelemetryLag.seconds(streams.metrics()))
                .description("Largest age of telemetry when this process read it, in the last minute.")
                .baseUnit("seconds")
                .register(registry);
    }

    /** Where other parts of the process register theirs. */
    public MeterRegistry registry() {
        return registry;
    }

    /** Everything, as Prometheus reads it. */
    public String scrape() {
        runs.refresh();
        return registry.scrape();
    }

    @Override
    public void close() {
        feed.close();
        streamsMetrics.close();
        collector.close();
        registry.close();
    }
}
