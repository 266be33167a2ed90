package io.instabilityguard.evaluation.security;

import io.instabilityguard.guard.console.AclRule;
import io.instabilityguard.schemas.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The smallest thing that a client does and that one line of an access control list allows. */
final class AclProbe {
    static final String CHANGELOG_SUFFIX = "probe-changelog";
    private static final Duration FETCH = Duration.ofSeconds(20);

    private final Map<String, Object> client;

    /** Probes as the principal of these settings. */
    AclProbe(Map<String, String> client) {
        this.client = new HashMap<>(client);
        this.client.put("request.timeout.ms", 10_000);
        this.client.put("default.api.timeout.ms", 20_000);
        this.client.put("retry.backoff.ms", 10);
    }

    /** Whether the broker allows it. */
    boolean allows(AclRule rule) throws Exception {
        try {
            attempt(rule);
            return true;
        } catch (AuthorizationException e) {
            return false;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AuthorizationException) {
                return false;
            }
            throw e;
        }
    }

    private void attempt(AclRule rule) throws Exception {
        String name = rule.pattern() == PatternType.PREFIXED ? rule.name() + CHANGELOG_SUFFIX : rule.name();
        if (rule.type() == ResourceType.GROUP) {
            commit(name);
        } else if (rule.type() == ResourceType.TRANSACTIONAL_ID) {
            beginTransactions(name);
        } else if (rule.operation() == AclOperation.READ) {
            fetch(name);
        } else if (rule.operation() == AclOperation.WRITE) {
            produce(name);
        } else {
            create(rule.name() + "new-changelog");
        }
    }

    private void commit(String group) {
        TopicPartition partition = new TopicPartition(Topics.OUTCOMES.name(), 0);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(Map.of("group.id", group))) {
            consumer.assign(List.of(partition));
            consumer.commitSync(Map.of(partition, new OffsetAndMetadata(0)));
        }
    }

    private void beginTransactions(String transactionalId) {
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("transactional.id", transactionalId))) {
            producer.initTransactions();
        }
    }

    private void fetch(String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        long deadline = System.nanoTime() + FETCH.toNanos();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(Map.of())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            while (consumer.poll(Duration.ofMillis(50)).isEmpty()) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("nothing could be read from " + topic);
                }
            }
        }
    }

    private void produce(String topic) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("enable.idempotence", false))) {
            producer.send(new ProducerRecord<>(topic, 0, new byte[] {0}, new byte[] {0}))
                    .get();
        }
    }

    private void create(String topic) throws Exception {
        try (Admin admin = Admin.create(client)) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1)), new CreateTopicsOptions().validateOnly(true))
                    .all()
                    .get();
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> more) {
        return new KafkaConsumer<>(with(more), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
        return new KafkaProducer<>(with(more), new ByteArraySerializer(), new ByteArraySerializer());
    }

    private Map<String, Object> with(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(client);
        settings.putAll(more);
        return settings;
    }
}
