package io.instabilityguard.guard.console;

import io.instabilityguard.schemas.Topic;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes one record and returns when all replicas in sync have it. */
final class TopicWriter {

    private static final int ANSWER_MS = 10_000;

    private final ClusterOptions cluster;

    TopicWriter(ClusterOptions cluster) {
        this.cluster = cluster;
    }

    /** Writes a record under this run. Errors: {@link KafkaException} when it is not acknowledged in time; it may have been written all the same. */
    <V extends SpecificRecord> void write(Topic<V> topic, String run, V value) {
        Map<String, Object> settings = cluster.clients();
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, ANSWER_MS);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MS / 2);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, ANSWER_MS);
        Serializer<V> values = cluster.serdes().serde(topic).serializer();
        try (KafkaProducer<String, V> producer = new KafkaProducer<>(settings, new StringSerializer(), values)) {
            producer.send(new ProducerRecord<>(topic.name(), run, value)).get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException failure ? failure : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
