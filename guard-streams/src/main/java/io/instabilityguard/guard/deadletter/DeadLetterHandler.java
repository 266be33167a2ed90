package io.instabilityguard.guard.deadletter;

import io.instabilityguard.guard.deadletter.DeadLetters.Origin;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.RegistryUnavailableException;
import io.instabilityguard.schemas.Topics;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.errors.DeserializationExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProcessingExceptionHandler;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka Streams' handler for records that cannot be read and for records that a node fails on. A bad record becomes a dead letter, whole, in the same
 * transaction as its offset, and the stream goes on; a bad moment ({@link DeadLetters#isRecoverable}) stops the thread, which is then replaced.
 */
@SuppressWarnings("NullAway.Init") // Kafka Streams initialises it before the first record
public final class DeadLetterHandler implements DeserializationExceptionHandler, ProcessingExceptionHandler {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterHandler.class);

    private Serializer<DeadLetter> serializer;

    /** A handler; Kafka Streams makes and configures it. */
    public DeadLetterHandler() {}

    @Override
    public void configure(Map<String, ?> configs) {
        serializer = RecordSerdes.of(configs).serde(Topics.DEAD_LETTERS).serializer();
    }

    @Override
    public DeserializationExceptionHandler.Response handleError(
            ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception failure) {
        if (failure instanceof RegistryUnavailableException) {
            return DeserializationExceptionHandler.Response.fail();
        }
        return DeserializationExceptionHandler.Response.resume(
                List.of(letter(context, "deserialization", failure, record.key(), record.value())));
    }

    @Override
    public ProcessingExceptionHandler.Response handleError(
            ErrorHandlerContext context, Record<?, ?> record, Exception failure) {
        if (DeadLetters.isRecoverable(failure)) {
            return ProcessingExceptionHandler.Response.fail();
        }
        return ProcessingExceptionHandler.Response.resume(List.of(
                letter(context, context.processorNodeId(), failure, context.sourceRawKey(), context.sourceRawValue())));
    }

    private ProducerRecord<byte[], byte[]> letter(
            ErrorHandlerContext context,
            String stage,
            Exception failure,
            byte @Nullable [] key,
            byte @Nullable [] value) {
        Origin origin = new Origin(context.topic(), context.partition(), context.offset(), context.timestamp());
        String cause = DeadLetters.causeOf(failure);
        LOG.warn("{} of {}-{} at {} failed: {}", stage, origin.topic(), origin.partition(), origin.offset(), cause);
        DeadLetter letter = DeadLetters.letter(origin, stage, cause, key, value);
        String topic = Topics.DEAD_LETTERS.name();
        return new ProducerRecord<>(topic, null, context.timestamp(), key, serializer.serialize(topic, letter));
    }
}
