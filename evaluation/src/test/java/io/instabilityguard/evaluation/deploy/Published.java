package io.instabilityguard.evaluation.deploy;

import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topic;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Records as guard and sidecars write them, put into a broker by a test. */
final class Published implements AutoCloseable {
    private final KafkaProducer<String, byte[]> producer;

    Published(String bootstrapServers) {
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrapServers), new StringSerializer(), new ByteArraySerializer());
    }

    static <V extends SpecificRecord> byte[] bytes(Topic<V> topic, V value) {
        return RecordSerdes.of(topic, Map.of()).serializer().serialize(topic.name(), value);
    }

    <V extends SpecificRecord> void send(Topic<V> topic, String key, V value) throws Exception {
        send(new ProducerRecord<>(topic.name(), key, bytes(topic, value)));
    }

    <V extends SpecificRecord> void send(Topic<V> topic, int partition, V value) throws Exception {
        send(new ProducerRecord<>(topic.name(), partition, null, bytes(topic, value)));
    }

    void send(ProducerRecord<String, byte[]> record) throws Exception {
        producer.send(record).get();
    }

    @Override
    public void close() {
        producer.close();
    }
}
