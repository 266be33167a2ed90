package io.instabilityguard.evaluation.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerClusterIT {
    private static final TopicPartition PARTITION = new TopicPartition(Topics.DEAD_LETTERS.name(), 0);

    @TempDir
    Path folder;

    @Test
    void shouldKeepEveryAcknowledgedRecordWhenTheLeaderIsKilledOrSuspendedAndComesBack() throws Exception {
        try (BrokerCluster cluster = BrokerCluster.start(folder)) {
            TopicCreation.createMissing(cluster.bootstrapServers());
            try (KafkaProducer<String, String> producer = producer(cluster)) {
                send(producer, "before");
                BrokerProcess killed = leader(cluster);
                killed.process().kill();
                send(producer, "one is dead");
                assertThat(leader(cluster).id()).isNotEqualTo(killed.id());
                killed.process().start();
                cluster.awaitInSync(List.of(PARTITION));
                BrokerProcess suspended = leader(cluster);
                suspended.process().suspend();
                send(producer, "one is suspended");
                suspended.process().resume();
                cluster.awaitInSync(List.of(PARTITION));
            }
            assertThat(cluster.nodes()).allMatch(node -> node.process().isAlive());
            assertThat(read(cluster)).containsExactly("before", "one is dead", "one is suspended");
        }
    }

    private static BrokerProcess leader(BrokerCluster cluster) {
        return cluster.leader(PARTITION.topic(), PARTITION.partition());
    }

    private static KafkaProducer<String, String> producer(BrokerCluster cluster) {
        Map<String, Object> settings =
                Map.of("bootstrap.servers", cluster.bootstrapServers(), "acks", "all", "request.timeout.ms", 3_000);
        return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }

    private static void send(KafkaProducer<String, String> producer, String value) throws Exception {
        producer.send(new ProducerRecord<>(PARTITION.topic(), PARTITION.partition(), "key", value))
                .get();
    }

    private static List<String> read(BrokerCluster cluster) {
        Map<String, Object> settings = Map.of("bootstrap.servers", cluster.directServers());
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(PARTITION));
            consumer.seekToBeginning(List.of(PARTITION));
            long end = consumer.endOffsets(List.of(PARTITION)).get(PARTITION);
            List<String> values = new ArrayList<>();
            while (consumer.position(PARTITION) < end) {
                consumer.poll(Duration.ofSeconds(1)).forEach(message -> values.add(message.value()));
            }
            return values;
        }
    }
}
