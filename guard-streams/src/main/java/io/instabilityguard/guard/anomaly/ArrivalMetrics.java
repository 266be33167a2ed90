package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.mixing.MixingAssembly.Intake;
import io.instabilityguard.guard.telemetry.Arrival;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.streams.processor.api.ProcessingContext;

/** Counters, in Kafka Streams' own metrics (group {@code stream-guard-metrics}), of how records arrived, and of residual mixing that was late or refused. Alert on a rising rate of LATE and UNWATCHED. */
final class ArrivalMetrics {

    private static final String SCOPE = "guard";

    private final Map<Arrival, Sensor> arrivals = new EnumMap<>(Arrival.class);
    private final Map<Intake, Sensor> intakes = new EnumMap<>(Intake.class);
    private final Sensor unwatched;

    ArrivalMetrics(ProcessingContext context) {
        for (Arrival arrival : Arrival.values()) {
            arrivals.put(
                    arrival,
                    sensor(context, arrival.name().toLowerCase(Locale.ROOT).replace('_', '-')));
        }
        intakes.put(Intake.LATE, sensor(context, "mixing-late"));
        intakes.put(Intake.REFUSED, sensor(context, "mixing-refused"));
        unwatched = sensor(context, "unwatched");
    }

    /** Counts a record that arrived so. */
    void count(Arrival arrival) {
        Sensor sensor = arrivals.get(arrival);
        if (sensor != null) {
            sensor.record();
        }
    }

    /** Counts residual mixing that could not be used. */
    void count(Intake intake) {
        Sensor sensor = intakes.get(intake);
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
