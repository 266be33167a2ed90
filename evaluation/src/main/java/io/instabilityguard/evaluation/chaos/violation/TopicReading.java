package io.instabilityguard.evaluation.chaos.violation;

import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the topics from their beginning, committed records only, and keeps everything. Any thread.
 */
public final class TopicReading implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(TopicReading.class);
    private static final List<Topic<?>> READ =
            List.of(Topics.TELEMETRY, Topics.COMMANDS, Topics.OUTCOMES, Topics.DECISIONS, Topics.DEAD_LETTERS);
    private static final Duration QUESTION = Duration.ofSeconds(3);
    private static final Duration POLL = Duration.ofMillis(50);

    private final KafkaConsumer<String, byte[]> consumer;
    private final Map<String, Deserializer<?>> deserializers;
    private final String markHeader;
    private final Map<String, RunRecords> runs = new HashMap<>();
    private final List<Message<DeadLetter>> deadLetters = new ArrayList<>();
    private final List<Message<?>> written = new ArrayList<>();
    private final List<String> unreadable = new ArrayList<>();
    private Consumer<InterventionCommand> onCommand = command -> {};

    private TopicReading(KafkaConsumer<String, byte[]> consumer, String markHeader) {
        this.consumer = consumer;
        this.markHeader = markHeader;
        RecordSerdes serdes = RecordSerdes.of(Map.of());
        this.deserializers = READ.stream()
                .collect(Collectors.toMap(
                        Topic::name, topic -> serdes.serde(topic).deserializer()));
    }

    /**
     * Begins to read.
     *
     * @param servers brokers, past any proxy
     * @param markHeader name of the header with a record's mark
     */
    public static TopicReading start(String servers, String markHeader) {
        Properties settings = new Properties();
        settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        settings.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, "2000");
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, "20000");
        settings.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, "200");
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "50");
        KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> partitions = READ.stream()
                .flatMap(topic -> consumer.partitionsFor(topic.name()).stream())
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        return new TopicReading(consumer, markHeader);
    }

    /** Tells of every command from now on, when it is read. */
    public synchronized void onCommand(Consumer<InterventionCommand> listener) {
        onCommand = listener;
    }

    /** Reads what is there, waiting a moment when nothing is. */
    public synchronized void poll() {
        consumer.poll(POLL).forEach(this::take);
    }

    /** Whether everything that was committed when this was asked has been read; false also while no broker answers. */
    public synchronized boolean isAtEnd() {
        try {
            Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment(), QUESTION);
            return ends.entrySet().stream()
                    .allMatch(end -> consumer.position(end.getKey(), QUESTION) >= end.getValue());
        } catch (RetriableException e) {
            LOGGER.debug("the end is not known", e);
            return false;
        }
    }

    /** The last step of a rank in the topic of telemetry, -1 when there is none. */
    public synchronized long lastStep(String run, long generation, int rank) {
        return of(run).telemetry().stream()
                .map(Message::value)
                .filter(step -> step.getGeneration() == generation && step.getProcessRank() == rank)
                .mapToLong(StepTelemetry::getStep)
                .max()
                .orElse(-1);
    }

    /** The telemetry of a run so far as it lies in the topic: what a fault republishes. */
    public synchronized List<byte[]> telemetryBytes(String run) {
        return of(run).telemetry().stream().map(Message::bytes).toList();
    }

    synchronized RunRecords of(String run) {
        return runs.computeIfAbsent(run, key -> RunRecords.empty());
    }

    /** Keeps nothing of a run any more; what still comes is kept again. */
    synchronized void forget(String run) {
        runs.remove(run);
    }

    synchronized List<Message<DeadLetter>> deadLetters() {
        return deadLetters;
    }

    /** What sidecars have written since this was asked last, of all runs. */
    synchronized List<Message<?>> takeWritten() {
        List<Message<?>> taken = List.copyOf(written);
        written.clear();
        return taken;
    }

    /** Where records lie that cannot be read: topic, partition and offset. */
    synchronized List<String> unreadable() {
        return unreadable;
    }

    private void take(ConsumerRecord<String, byte[]> record) {
        try {
            Object value = Objects.requireNonNull(deserializers.get(record.topic()), record.topic())
                    .deserialize(record.topic(), record.value());
            if (value != null) {
                keep(record, value);
                return;
            }
        } catch (SerializationException e) {
            LOGGER.debug("kept as unreadable", e);
        }
        unreadable.add(record.topic() + " " + record.partition() + "@" + record.offset());
    }

    private void keep(ConsumerRecord<String, byte[]> record, Object value) {
        if (value instanceof StepTelemetry step) {
            Message<StepTelemetry> message = message(record, step);
            of(step.getRun()).telemetry().add(message);
            written.add(message);
        } else if (value instanceof InterventionOutcome outcome) {
            Message<InterventionOutcome> message = message(record, outcome);
            of(outcome.getRun()).outcomes().add(message);
            written.add(message);
        } else if (value instanceof InterventionCommand command) {
            of(command.getRun()).commands().add(message(record, command));
            onCommand.accept(command);
        } else if (value instanceof Decision decision) {
            of(decision.getRun()).decisions().add(message(record, decision));
        } else if (value instanceof DeadLetter letter) {
            deadLetters.add(message(record, letter));
        }
    }

    private <V> Message<V> message(ConsumerRecord<String, byte[]> record, V value) {
        Header mark = record.headers().lastHeader(markHeader);
        return new Message<>(
                record.partition(),
                record.offset(),
                mark == null ? "" : new String(mark.value(), StandardCharsets.US_ASCII),
                record.key() == null ? "" : record.key(),
                record.value(),
                value);
    }

    @Override
    public synchronized void close() {
        consumer.close();
    }
}
