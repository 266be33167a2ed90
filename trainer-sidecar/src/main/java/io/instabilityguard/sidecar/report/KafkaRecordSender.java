package io.instabilityguard.sidecar.report;

import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.schemas.Topic;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Sends to one topic, keyed by run and with the trace in its header, with an idempotent producer: its {@code max.block.ms} bounds how long a dead broker
 * holds the caller. The producer connects again by itself; one that Kafka has put beyond use is replaced by a new one.
 */
public final class KafkaRecordSender<V extends SpecificRecord> implements RecordSender<V> {
    private static final Duration CLOSE = Duration.ofSeconds(2);

    private final Topic<V> topic;
    private final Supplier<Producer<String, V>> factory;
    private @Nullable Producer<String, V> producer;

    /** Sends to this topic with producers from this factory; the first is made for the first record. */
    public KafkaRecordSender(Topic<V> topic, Supplier<Producer<String, V>> factory) {
        this.topic = topic;
        this.factory = factory;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the callback says the same
    public void send(String run, V record, String trace, Consumer<@Nullable Exception> done) {
        try {
            ProducerRecord<String, V> sent = new ProducerRecord<>(topic.name(), run, record);
            sent.headers().add(StepTrace.HEADER, trace.getBytes(StandardCharsets.US_ASCII));
            producer().send(sent, (metadata, failure) -> done.accept(failure));
        } catch (KafkaException e) {
            replaceUnlessTransient(e);
            done.accept(e);
        }
    }

    private synchronized Producer<String, V> producer() {
        Producer<String, V> current = producer == null ? factory.get() : producer;
        producer = current;
        return current;
    }

    private void replaceUnlessTransient(KafkaException failure) {
        if (!(failure instanceof TimeoutException) && !(failure instanceof SerializationException)) {
            closeWithin(Duration.ZERO);
        }
    }

    @Override
    public void close() {
        closeWithin(CLOSE);
    }

    private synchronized void closeWithin(Duration timeout) {
        if (producer != null) {
            producer.close(timeout);
            producer = null;
        }
    }
}
