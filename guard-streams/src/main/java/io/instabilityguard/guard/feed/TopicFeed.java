package io.instabilityguard.guard.feed;

import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topic;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands the records of some topics to whoever takes them: committed records only, in no consumer group, on a thread of its own. When Kafka fails it begins anew
 * where it was. A record that cannot be read is left out and counted.
 */
public final class TopicFeed implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TopicFeed.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration ANSWER = Duration.ofSeconds(3);
    private static final long CHECK_EVERY_MS = 5_000;

    private final FeedPlan plan;
    private final Taker taker;
    private final Clock clock;
    private final Map<String, Deserializer<? extends SpecificRecord>> deserializers = new HashMap<>();
    private final Map<TopicPartition, Long> positions = new HashMap<>();
    private final Map<TopicPartition, Long> firstNews = new HashMap<>();
    private final ConsumerThread thread;
    private volatile FeedState state = FeedState.CATCHING_UP;
    private Map<TopicPartition, Long> beginning = Map.of();
    private long checkedAtMs;
    private long unreadable;

    /**
     * Reads nothing yet.
     *
     * @param clients settings of Kafka's clients and of the serdes
     */
    public TopicFeed(FeedPlan plan, Map<String, Object> clients, Taker taker, Clock clock) {
        this.plan = plan;
        this.taker = taker;
        this.clock = clock;
        RecordSerdes serdes = RecordSerdes.of(clients);
        plan.topics()
                .forEach(topic ->
                        deserializers.put(topic.name(), serdes.serde(topic).deserializer()));
        thread = new ConsumerThread(
                plan.name(), settings(plan.name(), clients), this::follow, failure -> state = FeedState.DISCONNECTED);
    }

    private static Map<String, Object> settings(String name, Map<String, Object> clients) {
        Map<String, Object> settings = new HashMap<>(clients);
        settings.keySet().removeIf(key -> key.startsWith("group."));
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        settings.put(ConsumerConfig.CLIENT_ID_CONFIG, name);
        return settings;
    }

    /** Reads from now on. */
    public void start() {
        thread.start();
    }

    /** How far what was taken can be trusted. */
    public FeedState state() {
        return state;
    }

    private void follow(KafkaConsumer<String, byte[]> opened) {
        assign(opened);
        while (!thread.isClosing()) {
            for (ConsumerRecord<String, byte[]> record : opened.poll(POLL)) {
                take(record);
                positions.put(new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
            }
            if (state != FeedState.LIVE || clock.millis() - checkedAtMs > CHECK_EVERY_MS) {
                check(opened);
            }
        }
    }

    private void take(ConsumerRecord<String, byte[]> record) {
        try {
            if (!isTaken(record)) {
                unreadable++;
            }
        } catch (SerializationException e) {
            unreadable++;
            LOG.debug("left out {}-{}@{}", record.topic(), record.partition(), record.offset(), e);
        }
    }

    private boolean isTaken(ConsumerRecord<String, byte[]> record) {
        Deserializer<? extends SpecificRecord> values = deserializers.get(record.topic());
        if (values == null) {
            return false;
        }
        SpecificRecord value = values.deserialize(record.topic(), record.headers(), record.value());
        boolean isNews = record.offset()
                >= firstNews.getOrDefault(new TopicPartition(record.topic(), record.partition()), Long.MAX_VALUE);
        return taker.take(new FeedRecord(record.topic(), record.key(), value, clock.millis(), isNews));
    }

    /** Assigns every partition, each from where it was read to, or else from where the history begins. */
    private void assign(KafkaConsumer<String, byte[]> opened) {
        List<TopicPartition> all = plan.topics().stream()
                .flatMap(topic -> partitions(opened, topic).stream())
                .toList();
        opened.assign(all);
        beginning = opened.endOffsets(all, ANSWER);
        beginning.forEach(firstNews::putIfAbsent);
        List<TopicPartition> fresh = all.stream()
                .filter(partition -> !positions.containsKey(partition))
                .toList();
        seekToHistory(opened, fresh);
        positions.forEach((partition, position) -> {
            if (all.contains(partition)) {
                opened.seek(partition, position);
            }
        });
    }

    private static List<TopicPartition> partitions(KafkaConsumer<String, byte[]> opened, Topic<?> topic) {
        List<PartitionInfo> known = opened.partitionsFor(topic.name(), ANSWER);
        if (known == null || known.isEmpty()) {
            throw new UnknownTopicOrPartitionException("topic " + topic.name() + " does not exist on these brokers");
        }
        return known.stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
    }

    private void seekToHistory(KafkaConsumer<String, byte[]> opened, List<TopicPartition> partitions) {
        long fromMs = clock.millis() - plan.history().toMillis();
        Map<TopicPartition, Long> times = new HashMap<>();
        partitions.stream()
                .filter(partition -> !plan.isWhole(partition.topic()))
                .forEach(partition -> times.put(partition, fromMs));
        Map<TopicPartition, OffsetAndTimestamp> found =
                plan.history().isZero() ? Map.of() : opened.offsetsForTimes(times);
        for (TopicPartition partition : partitions) {
            OffsetAndTimestamp offset = found.get(partition);
            if (offset != null) {
                opened.seek(partition, offset.offset());
            } else if (times.containsKey(partition)) {
                opened.seek(partition, firstNews.getOrDefault(partition, 0L));
            } else {
                opened.seekToBeginning(List.of(partition));
            }
        }
    }

    /** Whether all is read that was there at the beginning; afterwards, whether the brokers still answer. Errors: {@link KafkaException} when they do not. */
    private void check(KafkaConsumer<String, byte[]> opened) {
        checkedAtMs = clock.millis();
        if (state == FeedState.LIVE) {
            opened.endOffsets(opened.assignment(), ANSWER);
            return;
        }
        boolean isRead =
                beginning.entrySet().stream().allMatch(end -> opened.position(end.getKey(), ANSWER) >= end.getValue());
        state = isRead ? FeedState.LIVE : FeedState.CATCHING_UP;
    }

    @Override
    public void close() {
        thread.close();
        LOG.debug("{} records could not be read", unreadable);
    }
}
