package io.instabilityguard.guard.notification;

import io.instabilityguard.guard.feed.ConsumerThread;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads incidents once per cluster: the guards of one application share the partitions as a consumer group of its own. A group rather than the topology's own ownership of runs: it hands a run over
 * with the offset up to which it has been told of, so that neither a rebalance nor a restart tells it again. Whoever takes partitions over first reads the last hours of them in silence, to know which
 * incidents are open. The partitions of all topics with the same number go to the same member, and with them a run.
 */
final class IncidentFeed implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(IncidentFeed.class);
    private static final List<Topic<?>> TOPICS = List.of(Topics.ANOMALIES, Topics.DECISIONS, Topics.RUNS);
    private static final Duration HISTORY = Duration.ofHours(6);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final long REMIND_EVERY_MS = 60_000;

    private final Map<String, Deserializer<? extends SpecificRecord>> values = new HashMap<>();
    private final Listener listener;
    private final Clock clock;
    private final ConsumerThread thread;
    private final Map<TopicPartition, Long> firstNews = new HashMap<>();
    private Incidents incidents = new Incidents();
    private long remindedAtMs;

    /** Hears of incidents. Must not wait. */
    interface Listener {

        /** One incident has changed. */
        void changed(IncidentUpdate update);

        /** A minute has passed; these are open. */
        void open(List<Incident> incidents);
    }

    IncidentFeed(String group, Map<String, Object> clients, Listener listener, Clock clock) {
        this.listener = listener;
        this.clock = clock;
        RecordSerdes serdes = RecordSerdes.of(clients);
        TOPICS.forEach(topic -> values.put(topic.name(), serdes.serde(topic).deserializer()));
        thread = new ConsumerThread(group, settings(group, clients), this::follow, failure -> {});
    }

    private static Map<String, Object> settings(String group, Map<String, Object> clients) {
        Map<String, Object> settings = new HashMap<>(clients);
        settings.keySet().removeIf(key -> key.startsWith("group."));
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        settings.put(ConsumerConfig.CLIENT_ID_CONFIG, group);
        settings.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, RangeAssignor.class.getName());
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return settings;
    }

    void start() {
        thread.start();
    }

    private void follow(KafkaConsumer<String, byte[]> opened) {
        opened.subscribe(TOPICS.stream().map(Topic::name).toList(), new Handover(opened));
        while (!thread.isClosing()) {
            List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
            opened.poll(POLL).forEach(records::add);
            records.sort(Comparator.comparing(record -> !record.topic().equals(Topics.ANOMALIES.name())));
            records.forEach(this::take);
            if (!records.isEmpty()) {
                opened.commitSync(told(opened));
            }
            remind();
        }
    }

    private void take(ConsumerRecord<String, byte[]> record) {
        Deserializer<? extends SpecificRecord> reader = values.get(record.topic());
        try {
            SpecificRecord value =
                    reader == null ? null : reader.deserialize(record.topic(), record.headers(), record.value());
            if (value != null) {
                tell(incidents.take(value), record);
            }
        } catch (SerializationException e) {
            LOG.debug("left out {}-{}@{}", record.topic(), record.partition(), record.offset(), e);
        }
    }

    private void tell(List<IncidentUpdate> updates, ConsumerRecord<String, byte[]> record) {
        TopicPartition from = new TopicPartition(record.topic(), record.partition());
        if (record.offset() >= firstNews.getOrDefault(from, 0L)) {
            updates.forEach(listener::changed);
        }
    }

    /** How far it was told; what is read in silence again does not count. */
    private Map<TopicPartition, OffsetAndMetadata> told(KafkaConsumer<String, byte[]> opened) {
        Map<TopicPartition, OffsetAndMetadata> told = new HashMap<>();
        opened.assignment()
                .forEach(partition -> told.put(
                        partition,
                        new OffsetAndMetadata(
                                Math.max(opened.position(partition), firstNews.getOrDefault(partition, 0L)))));
        return told;
    }

    private void remind() {
        long nowMs = clock.millis();
        if (nowMs - remindedAtMs >= REMIND_EVERY_MS) {
            remindedAtMs = nowMs;
            listener.open(incidents.open());
        }
    }

    @Override
    public void close() {
        thread.close();
    }

    /** Begins anew with what it is given: open incidents are rebuilt, news are told from where the last member stopped. */
    private final class Handover implements ConsumerRebalanceListener {

        private final KafkaConsumer<String, byte[]> opened;

        Handover(KafkaConsumer<String, byte[]> opened) {
            this.opened = opened;
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            incidents = new Incidents();
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            Map<TopicPartition, OffsetAndMetadata> committed = opened.committed(Set.copyOf(partitions));
            Map<TopicPartition, Long> ends = opened.endOffsets(partitions);
            long fromMs = clock.millis() - HISTORY.toMillis();
            Map<TopicPartition, Long> times = new HashMap<>();
            for (TopicPartition partition : partitions) {
                OffsetAndMetadata stopped = committed.get(partition);
                firstNews.put(partition, stopped == null ? ends.getOrDefault(partition, 0L) : stopped.offset());
                times.put(partition, fromMs);
            }
            opened.offsetsForTimes(times)
                    .forEach((partition, found) -> opened.seek(
                            partition,
                            found == null
                                    ? firstNews.getOrDefault(partition, 0L)
                                    : Math.min(found.offset(), firstNews.getOrDefault(partition, 0L))));
        }
    }
}
