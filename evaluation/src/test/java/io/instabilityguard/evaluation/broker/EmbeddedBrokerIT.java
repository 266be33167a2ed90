package io.instabilityguard.evaluation.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerIT {
    private static final String TOPIC = Topics.DEAD_LETTERS.name();

    @TempDir
    Path folder;

    @Test
    void shouldKeepItsRecordsAcrossARestartOnAnotherPort() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder, EmbeddedBroker.ANY_PORT)) {
            TopicCreation.createMissing(broker.bootstrapServers());
            TopicCreation.createMissing(broker.bootstrapServers());
            assertThat(topics(broker))
                    .containsAll(Topics.all().stream().map(Topic::name).toList());
            send(broker, "kept");
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder, EmbeddedBroker.ANY_PORT)) {
            assertThat(read(broker)).containsExactly("kept");
        }
    }

    @Test
    void shouldSayThatThePortIsBusy() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatExceptionOfType(UserError.class)
                    .isThrownBy(() -> EmbeddedBroker.start(folder, other.getLocalPort()))
                    .withMessage("port " + other.getLocalPort()
                            + " is busy: stop what listens there, or choose another with --port")
                    .satisfies(error -> assertThat(error.exitCode()).isEqualTo(UserError.ENVIRONMENT));
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void shouldSayThatTheFolderCannotBeUsed() throws IOException {
        Path file = Files.createFile(folder.resolve("a-file"));
        assertThatExceptionOfType(UserError.class)
                .isThrownBy(() -> EmbeddedBroker.start(file.resolve("broker"), EmbeddedBroker.ANY_PORT))
                .withMessageContaining("cannot use the folder " + file.resolve("broker"));
    }

    private static List<String> topics(EmbeddedBroker broker) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            return List.copyOf(admin.listTopics().names().get());
        }
    }

    private static void send(EmbeddedBroker broker, String value) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers(), "acks", "all");
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(TOPIC, 0, "key", value)).get();
        }
    }

    private static List<String> read(EmbeddedBroker broker) {
        Map<String, Object> settings =
                Map.of("bootstrap.servers", broker.bootstrapServers(), "auto.offset.reset", "earliest");
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(new TopicPartition(TOPIC, 0)));
            List<String> values = new ArrayList<>();
            consumer.poll(Duration.ofSeconds(20)).forEach(message -> values.add(message.value()));
            return values;
        }
    }
}
