package io.instabilityguard.guard;

import io.instabilityguard.guard.anomaly.RunEvent;
import java.util.function.BiFunction;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

/** Turns records, and where they stand in their partition, into events of their run. */
final class EventProcessor<V> extends ContextualProcessor<String, V, String, RunEvent> {

    private final BiFunction<V, Long, RunEvent> event;

    EventProcessor(BiFunction<V, Long, RunEvent> event) {
        this.event = event;
    }

    @Override
    public void process(Record<String, V> record) {
        long offset = context().recordMetadata().orElseThrow().offset();
        context().forward(record.withValue(event.apply(record.value(), offset)));
    }
}
