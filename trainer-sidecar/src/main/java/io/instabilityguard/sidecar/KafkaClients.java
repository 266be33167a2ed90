package io.instabilityguard.sidecar;

import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.sidecar.command.CommandConsumer;
import io.instabilityguard.sidecar.command.CommandVerification;
import io.instabilityguard.sidecar.report.KafkaRecordSender;
import io.instabilityguard.sidecar.report.SidecarClock;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * The sidecar's Kafka clients. A later entry overrides an earlier one:
 *
 * <ol>
 *   <li>the defaults here: idempotent, all acknowledgements, no lingering, every wait bounded, committed records only
 *   <li>{@code bootstrap.servers}
 *   <li>what the configuration passes through as {@code kafka.*}
 * </ol>
 */
final class KafkaClients {
    private final SidecarConfig config;
    private final RecordSerdes serdes;

    KafkaClients(SidecarConfig config) {
        this.config = config;
        this.serdes = RecordSerdes.of(config.serdeSettings());
    }

    Sidecar.Ports ports(SidecarMetrics metrics, SidecarClock clock) {
        return new Sidecar.Ports(
                new KafkaRecordSender<>(Topics.TELEMETRY, () -> producer(Topics.TELEMETRY, "telemetry", metrics)),
                new CommandConsumer(() -> consumer(metrics), serdes, verification(clock), metrics, clock),
                new KafkaRecordSender<>(Topics.OUTCOMES, () -> producer(Topics.OUTCOMES, "outcomes", metrics)));
    }

    private CommandVerification verification(SidecarClock clock) {
        try {
            return CommandVerification.by(config.publicKeys(), clock);
        } catch (IOException e) {
            throw new ConfigException("commands.public-keys: " + e.getMessage(), e);
        }
    }

    private <V extends SpecificRecord> Producer<String, V> producer(
            Topic<V> topic, String purpose, SidecarMetrics metrics) {
        Producer<String, V> producer = new KafkaProducer<>(
                producerSettings(purpose),
                new StringSerializer(),
                serdes.serde(topic).serializer());
        metrics.producing(producer);
        return producer;
    }

    private Consumer<String, byte[]> consumer(SidecarMetrics metrics) {
        Consumer<String, byte[]> consumer =
                new KafkaConsumer<>(consumerSettings(), new StringDeserializer(), new ByteArrayDeserializer());
        metrics.consuming(consumer);
        return consumer;
    }

    Map<String, Object> producerSettings(String purpose) {
        Map<String, Object> settings = common(purpose);
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 1_000);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 10_000);
        settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 16L << 20);
        settings.putAll(config.kafka());
        return settings;
    }

    Map<String, Object> consumerSettings() {
        Map<String, Object> settings = common("commands");
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        // A seek has to wait for the fetch that is under way
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
        settings.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, 30_000);
        settings.putAll(config.kafka());
        return settings;
    }

    private Map<String, Object> common(String purpose) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, config.bootstrapServers());
        settings.put(CommonClientConfigs.CLIENT_ID_CONFIG, "guard-sidecar-" + purpose);
        settings.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1_000);
        return settings;
    }
}
