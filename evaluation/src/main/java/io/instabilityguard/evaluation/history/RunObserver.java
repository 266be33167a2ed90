package io.instabilityguard.evaluation.history;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads all topics of the guard from now on, committed records only, on a thread of its own, and tells the listeners.
 * A record that cannot be read is logged and left out.
 */
public final class RunObserver implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(RunObserver.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final List<Topic<?>> OBSERVED = List.of(
            Topics.TELEMETRY, Topics.ANOMALIES, Topics.COMMANDS, Topics.OUTCOMES, Topics.DECISIONS, Topics.RUNS);

    private final KafkaConsumer<String, byte[]> consumer;
    private final Map<String, Deserializer<?>> deserializers;
    private final List<RunListener> listeners = new CopyOnWriteArrayList<>();
    private final Thread thread = new Thread(this::observe, "run-observer");
    private volatile CountDownLatch awaitedSilence = new CountDownLatch(0);
    private volatile boolean closing;

    private RunObserver(KafkaConsumer<String, byte[]> consumer, Map<String, Deserializer<?>> deserializers) {
        this.consumer = consumer;
        this.deserializers = deserializers;
    }

    /** Starts at the present end of the topics. */
    public static RunObserver start(String bootstrapServers) {
        KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(settings(bootstrapServers));
        List<TopicPartition> partitions = OBSERVED.stream()
                .flatMap(topic -> consumer.partitionsFor(topic.name()).stream())
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(consumer::position);
        RunObserver observer = new RunObserver(consumer, deserializers());
        observer.thread.setDaemon(true);
        observer.thread.start();
        return observer;
    }

    private static Properties settings(String bootstrapServers) {
        Properties settings = new Properties();
        settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class.getName());
        settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName());
        return settings;
    }

    private static Map<String, Deserializer<?>> deserializers() {
        RecordSerdes serdes = RecordSerdes.of(Map.of());
        Function<Topic<? extends SpecificRecord>, Deserializer<?>> deserializer =
                topic -> serdes.serde(topic).deserializer();
        return OBSERVED.stream().collect(Collectors.toMap(Topic::name, deserializer));
    }

    /** Tells this listener, too, from the next record on. */
    public void add(RunListener listener) {
        listeners.add(listener);
    }

    /** Leaves this listener in peace. */
    public void remove(RunListener listener) {
        listeners.remove(listener);
    }

    /** Waits until a poll brings nothing more, at most for the timeout. */
    public void drain(Duration timeout) {
        CountDownLatch silence = new CountDownLatch(1);
        awaitedSilence = silence;
        try {
            if (!silence.await(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                LOGGER.debug("records still arrive after {}", timeout);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void observe() {
        try (consumer) {
            while (!closing) {
                CountDownLatch silence = awaitedSilence;
                ConsumerRecords<String, byte[]> messages = consumer.poll(POLL);
                messages.forEach(this::tellAll);
                if (messages.isEmpty() && silence != null) {
                    silence.countDown();
                }
            }
        } catch (WakeupException e) {
            LOGGER.debug("closing", e);
        }
    }

    private void tellAll(ConsumerRecord<String, byte[]> message) {
        long receivedAtMs = System.currentTimeMillis();
        try {
            Object value = deserializer(message.topic()).deserialize(message.topic(), message.value());
            listeners.forEach(listener -> tell(listener, value, receivedAtMs));
        } catch (RuntimeException e) {
            LOGGER.warn("left out {}-{}@{}", message.topic(), message.partition(), message.offset(), e);
        }
    }

    private Deserializer<?> deserializer(String topic) {
        return Objects.requireNonNull(deserializers.get(topic), topic);
    }

    private static void tell(RunListener listener, Object value, long receivedAtMs) {
        if (value instanceof StepTelemetry telemetry) {
            listener.onTelemetry(telemetry);
        } else if (value instanceof RunState state) {
            listener.onState(state, receivedAtMs);
        } else if (value instanceof Anomaly anomaly) {
            listener.onAnomaly(anomaly);
        } else if (value instanceof InterventionCommand command) {
            listener.onCommand(command);
        } else if (value instanceof InterventionOutcome outcome) {
            listener.onOutcome(outcome);
        } else if (value instanceof Decision decision) {
            listener.onDecision(decision);
        }
    }

    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        try {
            thread.join(Duration.ofSeconds(5).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
