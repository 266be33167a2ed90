package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.telemetry.Arrival;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.streams.processor.api.ProcessingContext;

/** Counters, in Kafka Streams' own metrics (group {@code stream-guard-metrics}), of how records arrived. Alert on a rising rate of LATE and UNWATCHED. */
final class ArrivalMetrics {

    private static final String SCOPE = "guard";

    private final Map<Arrival, Sensor> arrivals = new EnumMap<>(Arrival.class);
    private final Sensor unwatched;

    ArrivalMetrics(ProcessingContext context) {
        for (Arrival arrival : Arrival.values()) {
            arrivals.put(
                    arrival,
                    sensor(context, arrival.name().toLowerCase(Locale.ROOT).replace('_', '-')));
        }
        unwatched = sensor(context, "unwatched");
    }

    /** Counts a record that arrived so. */
    void count(Arrival arrival) {
        Sensor sensor = arrivals.get(arrival);
        if (sensor != null) {
            sensor.record();
        }
    }

    /** Counts a record of a run beyond the limit of the policy. */
    void countUnwatched() {
        unwatched.record();
    }

    private static Sensor sensor(ProcessingContext context, String operation) {
        return context.metrics()
                .addRateTotalSensor(SCOPE, context.taskId().toString(), operation, Sensor.RecordingLevel.INFO);
    }
}
