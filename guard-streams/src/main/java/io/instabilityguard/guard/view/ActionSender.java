package io.instabilityguard.guard.view;

import io.instabilityguard.guard.view.http.ActionSink;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.SigningKey;
import io.instabilityguard.schemas.signature.SigningSerializer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** Writes operators' wishes to their topic, signed by the guard that knows who is signed in, acknowledged by all replicas. Connects at the first one, since most processes never write any. */
final class ActionSender implements ActionSink, AutoCloseable {

    private static final int MOST_MS = 10_000;
    private static final int REQUEST_MS = 5_000;

    private final Map<String, Object> clients;
    private final @Nullable SigningKey signer;
    private @Nullable KafkaProducer<String, OperatorAction> producer;

    ActionSender(Map<String, Object> clients, @Nullable SigningKey signer) {
        this.clients = clients;
        this.signer = signer;
    }

    @Override
    public Optional<String> send(OperatorAction action) {
        try {
            producer()
                    .send(new ProducerRecord<>(Topics.OPERATOR.name(), action.getRun(), action))
                    .get(MOST_MS, TimeUnit.MILLISECONDS);
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("the server stops");
        } catch (TimeoutException e) {
            return Optional.of("Kafka has not acknowledged it within " + MOST_MS / 1_000
                    + " s; look whether it took effect before asking again");
        } catch (ExecutionException | KafkaException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            return Optional.of("it could not be written to " + Topics.OPERATOR.name() + ": " + cause.getMessage());
        }
    }

    private synchronized KafkaProducer<String, OperatorAction> producer() {
        KafkaProducer<String, OperatorAction> open = producer;
        if (open == null) {
            open = new KafkaProducer<>(settings(), new StringSerializer(), serializer());
            producer = open;
        }
        return open;
    }

    /** Writes what is sent. */
    Serializer<OperatorAction> serializer() {
        Serializer<OperatorAction> plain =
                RecordSerdes.of(Topics.OPERATOR, clients).serializer();
        return signer == null ? plain : new SigningSerializer<>(plain, OperatorAction::getRun, signer);
    }

    private Map<String, Object> settings() {
        Map<String, Object> settings = new HashMap<>(clients);
        settings.keySet().removeIf(key -> key.startsWith("group.") || key.startsWith("transactional."));
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, REQUEST_MS);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_MS);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, MOST_MS);
        settings.put(ProducerConfig.CLIENT_ID_CONFIG, "guard-view");
        return settings;
    }

    @Override
    public synchronized void close() {
        if (producer != null) {
            producer.close();
        }
    }
}
