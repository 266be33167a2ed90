package io.instabilityguard.guard.console;

import io.instabilityguard.guard.progress.Progress;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.signature.RecordSignature;
import io.instabilityguard.schemas.signature.RecordVerification;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads a topic from its beginning to its end of now, committed records only. Not for use by several threads. */
final class TopicReader implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(500);
    private static final int PATIENCE = 60;
    private static final int ANSWER_MS = 10_000;

    private final ClusterOptions cluster;
    private final Function<LongSupplier, Progress> shown;
    private final KafkaConsumer<String, byte[]> consumer;
    private long unreadable;

    /** A reader that belongs to no consumer group. Errors: {@link org.apache.kafka.common.KafkaException}. */
    TopicReader(ClusterOptions cluster) {
        this(cluster, records -> Progress.hidden());
    }

    /** The same, which shows how far it is; how many records there are is asked for only when that is shown. */
    TopicReader(ClusterOptions cluster, Function<LongSupplier, Progress> shown) {
        this.cluster = cluster;
        this.shown = shown;
        Map<String, Object> settings = new HashMap<>(cluster.clients());
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MS);
        consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
    }

    /** Hands every readable record to {@code reader}, those of one run in their order; counts the others. */
    <V extends SpecificRecord> void read(Topic<V> topic, Consumer<Entry<V>> reader) {
        Deserializer<V> values = cluster.serdes().serde(topic).deserializer();
        readRaw(topic, record -> {
            try {
                reader.accept(new Entry<>(record, values.deserialize(topic.name(), record.headers(), record.value())));
            } catch (SerializationException e) {
                unreadable++;
            }
        });
    }

    /** Hands every record to {@code reader} as it stands in the topic. */
    void readRaw(Topic<?> topic, Consumer<ConsumerRecord<String, byte[]>> reader) {
        Map<TopicPartition, Long> ends = assign(topic);
        try (Progress progress = shown.apply(() -> records(ends))) {
            readTo(ends, topic, reader, progress);
        }
    }

    private void readTo(
            Map<TopicPartition, Long> ends,
            Topic<?> topic,
            Consumer<ConsumerRecord<String, byte[]>> reader,
            Progress progress) {
        for (int idle = 0; !isAtEnd(ends); ) {
            int count = 0;
            for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                count++;
                if (record.offset() < ends.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L)) {
                    reader.accept(record);
                }
            }
            progress.done(count);
            idle = count == 0 ? idle + 1 : 0;
            if (idle > PATIENCE) {
                throw new TimeoutException(
                        "topic " + topic.name() + " could not be read to its end: its brokers do not answer");
            }
        }
    }

    /** The record at an offset; empty when the topic does not hold it any more. */
    Optional<ConsumerRecord<String, byte[]>> at(String topic, int partition, long offset) {
        TopicPartition from = new TopicPartition(topic, partition);
        consumer.assign(List.of(from));
        consumer.seek(from, offset);
        for (int idle = 0; idle < PATIENCE && consumer.position(from) <= offset; idle++) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                return Optional.of(record).filter(found -> found.offset() == offset);
            }
        }
        return Optional.empty();
    }

    /** How many records could not be read. */
    long unreadable() {
        return unreadable;
    }

    private Map<TopicPartition, Long> assign(Topic<?> topic) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic.name()).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        if (partitions.isEmpty()) {
            throw new UnknownTopicOrPartitionException("topic " + topic.name() + " does not exist on these brokers");
        }
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        return consumer.endOffsets(partitions);
    }

    private long records(Map<TopicPartition, Long> ends) {
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(ends.keySet());
        return ends.entrySet().stream()
                .mapToLong(end -> end.getValue() - beginnings.getOrDefault(end.getKey(), 0L))
                .sum();
    }

    private boolean isAtEnd(Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    @Override
    public void close() {
        consumer.close();
    }

    /**
     * A record as it stands in its topic and what it says.
     *
     * @param record key, offset, headers and bytes
     * @param value the bytes, read
     */
    record Entry<V>(ConsumerRecord<String, byte[]> record, V value) {

        /** Whether it was signed by somebody who is trusted. */
        boolean isBelieved(RecordVerification verification) {
            return verification
                    .problemOf(record.topic(), record.key(), record.value(), record.headers())
                    .isEmpty();
        }

        /** Id of the key that it claims to be signed with; empty when it is not signed. */
        String keyId() {
            return RecordSignature.claimedKeyId(record.headers()).orElse("");
        }
    }
}
