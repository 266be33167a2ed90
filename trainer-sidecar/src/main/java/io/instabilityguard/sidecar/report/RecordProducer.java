package io.instabilityguard.sidecar.report;

import io.instabilityguard.schemas.Topic;
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
 * One idempotent producer to one topic, keyed by run. A producer that Kafka has put beyond use is replaced by a new one. One
 * thread sends; acknowledgements come on the producer's own.
 */
public final class RecordProducer<V extends SpecificRecord> implements AutoCloseable {
    private static final Duration CLOSE = Duration.ofSeconds(2);

    private final Topic<V> topic;
    private final Supplier<Producer<String, V>> factory;
    private @Nullable Producer<String, V> producer;

    /** Sends to this topic with producers from this factory; the first is made at the first record. */
    public RecordProducer(Topic<V> topic, Supplier<Producer<String, V>> factory) {
        this.topic = topic;
        this.factory = factory;
    }

    /**
     * Sends one record, waiting at most the producer's {@code max.block.ms}.
     *
     * @param done called once: with null when acknowledged, else with what went wrong
     */
    public void send(String run, V value, Consumer<@Nullable Exception> done) {
        try {
            producer().send(new ProducerRecord<>(topic.name(), run, value), (metadata, failure) -> done.accept(failure));
        } catch (KafkaException e) {
            replaceUnlessTransient(e);
            done.accept(e);
        }
    }

    private Producer<String, V> producer() {
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

    private void closeWithin(Duration timeout) {
        if (producer != null) {
            producer.close(timeout);
            producer = null;
        }
    }
}
