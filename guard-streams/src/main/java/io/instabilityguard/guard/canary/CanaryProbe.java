package io.instabilityguard.guard.canary;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Sends a {@link CanaryRun} and waits for its alarm. Every probe is a generation of the same run, so that the guard forgets the one before. Whatever goes wrong, brokers that do not answer
 * included, is a result.
 */
public final class CanaryProbe {

    private static final Duration POLL = Duration.ofMillis(50);

    private final Map<String, Object> clients;
    private final RecordSerdes serdes;
    private final String run;
    private final Clock clock;

    /**
     * A probe.
     *
     * @param clients settings of Kafka's clients and of the serdes
     * @param run id of the synthetic run
     */
    public CanaryProbe(Map<String, Object> clients, String run, Clock clock) {
        this.clients = Map.copyOf(clients);
        this.serdes = RecordSerdes.of(clients);
        this.run = run;
        this.clock = clock;
    }

    /** Sends one generation and waits at most so long for its alarm, and as long for each answer of the brokers. */
    public CanaryResult probe(Duration patience) {
        long startMs = clock.millis();
        try (KafkaConsumer<String, byte[]> consumer =
                        new KafkaConsumer<>(reading(patience), new StringDeserializer(), new ByteArrayDeserializer());
                KafkaProducer<String, StepTelemetry> producer = new KafkaProducer<>(
                        writing(patience),
                        new StringSerializer(),
                        serdes.serde(Topics.TELEMETRY).serializer())) {
            readFromEnd(consumer);
            CanaryRun.calm(run, startMs, startMs).forEach(step -> send(producer, step));
            producer.flush();
            long plantedMs = clock.millis();
            producer.send(record(CanaryRun.planted(run, startMs, plantedMs))).get();
            return await(consumer, startMs, plantedMs, patience);
        } catch (KafkaException | ExecutionException e) {
            return missed(startMs, "the brokers do not take it: " + e.getMessage());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private CanaryResult await(
            KafkaConsumer<String, byte[]> consumer, long generation, long plantedMs, Duration patience) {
        Deserializer<Anomaly> anomalies = serdes.serde(Topics.ANOMALIES).deserializer();
        while (clock.millis() - plantedMs < patience.toMillis()) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                if (isAlarm(record, anomalies, generation)) {
                    return new CanaryResult(true, Duration.ofMillis(clock.millis() - plantedMs), "");
                }
            }
        }
        return missed(plantedMs, "no guard raised an alarm");
    }

    private boolean isAlarm(ConsumerRecord<String, byte[]> record, Deserializer<Anomaly> anomalies, long generation) {
        if (!run.equals(record.key())) {
            return false;
        }
        try {
            Anomaly anomaly = anomalies.deserialize(record.topic(), record.headers(), record.value());
            return anomaly.getGeneration() == generation
                    && anomaly.getTransition() == AnomalyTransition.RAISED
                    && anomaly.getRaisedAtStep() == CanaryRun.PLANTED_AT;
        } catch (SerializationException e) {
            return false;
        }
    }

    private CanaryResult missed(long sinceMs, String reason) {
        return new CanaryResult(false, Duration.ofMillis(clock.millis() - sinceMs), reason);
    }

    private static void readFromEnd(KafkaConsumer<String, byte[]> consumer) {
        List<TopicPartition> partitions = consumer.partitionsFor(Topics.ANOMALIES.name()).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.endOffsets(partitions).forEach(consumer::seek);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the planted step is sent after them and waited for
    private void send(KafkaProducer<String, StepTelemetry> producer, StepTelemetry step) {
        producer.send(record(step));
    }

    private ProducerRecord<String, StepTelemetry> record(StepTelemetry step) {
        ProducerRecord<String, StepTelemetry> record = new ProducerRecord<>(Topics.TELEMETRY.name(), run, step);
        record.headers().add(StepTrace.HEADER, StepTrace.of(step).getBytes(StandardCharsets.US_ASCII));
        return record;
    }

    private Map<String, Object> reading(Duration patience) {
        Map<String, Object> settings = new HashMap<>(clients);
        settings.keySet().removeIf(key -> key.startsWith("group."));
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
        settings.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
        settings.put(ConsumerConfig.CLIENT_ID_CONFIG, "guard-canary");
        return settings;
    }

    private Map<String, Object> writing(Duration patience) {
        Map<String, Object> settings = new HashMap<>(clients);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, patience.toMillis());
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
        settings.put(ProducerConfig.CLIENT_ID_CONFIG, "guard-canary");
        return settings;
    }
}
