package io.instabilityguard.schemas;

import java.time.Duration;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.config.TopicConfig;

/**
 * One topic: its name, the record it carries and how long it keeps it. The key is always the run id, a string, so that one run is one
 * partition and totally ordered.
 *
 * @param name name in the cluster
 * @param type class of the record, generated from {@code src/main/avro}
 * @param partitions partitions to create it with when the operator names none
 * @param compacted true keeps the latest record of every run; false keeps everything for {@code retention}
 * @param retention how long records are kept when it is not compacted
 */
public record Topic<V extends SpecificRecord>(
        String name, Class<V> type, int partitions, boolean compacted, Duration retention) {

    /** Refuses fewer than one partition and a retention that is not positive. */
    public Topic {
        if (partitions < 1 || retention.isNegative() || retention.isZero()) {
            throw new IllegalArgumentException("topic " + name + ": needs a partition and a positive retention");
        }
    }

    /** The schema that this process writes and reads into. */
    public Schema schema() {
        return SpecificData.get().getSchema(type);
    }

    /** Settings to create the topic with; keys are Kafka's. */
    public Map<String, String> settings() {
        return compacted
                ? Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT)
                : Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        TopicConfig.CLEANUP_POLICY_DELETE,
                        TopicConfig.RETENTION_MS_CONFIG,
                        Long.toString(retention.toMillis()));
    }
}
