package io.instabilityguard.guard.metrics;

import java.util.Map;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;

/**
 * How old telemetry is when the topology reads it: Kafka Streams' own {@code record-e2e-latency-max} of the node that reads it, the largest over its tasks. Taken between
 * the clocks of the trainer's machine and this one. NaN while this process has read none in the last minute.
 */
final class TelemetryLag {

    private static final String METRIC = "record-e2e-latency-max";
    private static final String NODE = "read-telemetry";
    private static final double MILLIS = 1_000;

    private TelemetryLag() {}

    static double seconds(Map<MetricName, ? extends Metric> metrics) {
        return metrics.entrySet().stream()
                        .filter(entry -> entry.getKey().name().equals(METRIC)
                                && NODE.equals(entry.getKey().tags().get("processor-node-id")))
                        .mapToDouble(entry -> ((Number) entry.getValue().metricValue()).doubleValue())
                        .filter(Double::isFinite)
                        .max()
                        .orElse(Double.NaN)
                / MILLIS;
    }
}
