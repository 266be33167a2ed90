package io.instabilityguard.guard.console;

import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.signature.RecordSignature;
import io.instabilityguard.schemas.signature.SigningKey;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** Writes one record, signed where there is a key, and returns when all replicas in sync have it. */
final class TopicWriter {

    private static final int ANSWER_MS = 10_000;

    private final GuardConfig config;
    private final @Nullable SigningKey signer;

    TopicWriter(ClusterOptions cluster, SigningOptions signing) {
        this.config = cluster.guard();
        this.signer = signing.signer(config);
    }

    /**
     * Writes a record, or null, under this run. Errors: {@link PolicyException} when the guards of this configuration would not believe it; {@link KafkaException} when
     * it is not acknowledged in time; it may have been written all the same.
     */
    <V extends SpecificRecord> void write(Topic<V> topic, String run, @Nullable V value) {
        Map<String, Object> settings = config.clients();
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, ANSWER_MS);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MS / 2);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, ANSWER_MS);
        ProducerRecord<String, byte[]> record = record(topic, run, value);
        try (KafkaProducer<String, byte[]> producer =
                new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
            producer.send(record).get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException failure ? failure : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private <V extends SpecificRecord> ProducerRecord<String, byte[]> record(
            Topic<V> topic, String run, @Nullable V value) {
        Headers headers = new RecordHeaders();
        byte[] bytes = RecordSerdes.of(topic, config.clients()).serializer().serialize(topic.name(), headers, value);
        if (signer != null) {
            RecordSignature.sign(signer, topic.name(), run, bytes, headers);
        }
        config.operators().problemOf(topic.name(), run, bytes, headers).ifPresent(problem -> {
            throw new PolicyException("the guards would refuse this: " + problem.reason()
                    + " (operators.public-keys); sign it by --signing-key F with a key that is");
        });
        return new ProducerRecord<>(topic.name(), null, run, bytes, headers);
    }
}
