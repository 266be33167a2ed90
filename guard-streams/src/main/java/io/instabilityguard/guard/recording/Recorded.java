package io.instabilityguard.guard.recording;

import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/**
 * One record as it stood in its topic.
 *
 * @param topic name of the topic
 * @param partition its partition
 * @param offset its offset in the partition
 * @param timestampMs the record's timestamp, epoch milliseconds
 * @param headers its headers, in order
 * @param value what it says
 */
public record Recorded(
        String topic,
        int partition,
        long offset,
        long timestampMs,
        List<RecordedHeader> headers,
        SpecificRecord value) {

    /** Keeps its own copy. */
    public Recorded {
        headers = List.copyOf(headers);
    }
}
