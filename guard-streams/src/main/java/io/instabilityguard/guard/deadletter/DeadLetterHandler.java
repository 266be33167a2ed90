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
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.errors.DeserializationExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProcessingExceptionHandler;
import org.apache.kafka.streams.errors.ProductionExceptionHandler;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka Streams' handler for records that cannot be read, that a node fails on, or whose result cannot be written; also for a punctuator that fails, which no
 * record caused. A bad record becomes a dead letter, whole, in the same transaction as its offset, and the stream goes on; a bad moment
 * ({@link DeadLetters#isRecoverable}) stops the thread, which is then replaced. The thread that reads the policies in force can publish nothing: its failures are
 * told in the log only.
 */
@SuppressWarnings("NullAway.Init") // Kafka Streams initialises it before the first record
public final class DeadLetterHandler
        implements DeserializationExceptionHandler, ProcessingExceptionHandler, ProductionExceptionHandler {

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
                letters(context, "deserialization", failure, record.key(), record.value()));
    }

    @Override
    public ProcessingExceptionHandler.Response handleError(
            ErrorHandlerContext context, Record<?, ?> record, Exception failure) {
        if (DeadLetters.isRecoverable(failure)) {
            return ProcessingExceptionHandler.Response.fail();
        }
        return ProcessingExceptionHandler.Response.resume(
                letters(context, context.processorNodeId(), failure, context.sourceRawKey(), context.sourceRawValue()));
    }

    @Override
    public ProductionExceptionHandler.Response handleError(
            ErrorHandlerContext context, ProducerRecord<byte[], byte[]> record, Exception failure) {
        return failure instanceof RetriableException
                ? ProductionExceptionHandler.Response.retry()
                : ProductionExceptionHandler.Response.fail();
    }

    @Override
    @SuppressWarnings("rawtypes") // so does the interface
    public ProductionExceptionHandler.Response handleSerializationError(
            ErrorHandlerContext context,
            ProducerRecord record,
            Exception failure,
            SerializationExceptionOrigin origin) {
        if (DeadLetters.isRecoverable(failure)) {
            return ProductionExceptionHandler.Response.fail();
        }
        return ProductionExceptionHandler.Response.resume(
                letters(context, context.processorNodeId(), failure, context.sourceRawKey(), context.sourceRawValue()));
    }

    private List<ProducerRecord<byte[], byte[]>> letters(
            ErrorHandlerContext context,
            String stage,
            Exception failure,
            byte @Nullable [] key,
            byte @Nullable [] value) {
        String from = context.topic() == null ? "" : context.topic();
        Origin origin = new Origin(from, context.partition(), context.offset(), context.timestamp());
        String cause = DeadLetters.causeOf(failure);
        LOG.warn("{} of {}-{} at {} failed: {}", stage, origin.topic(), origin.partition(), origin.offset(), cause);
        DeadLetter letter = DeadLetters.letter(origin, stage, cause, key, value);
        if (from.equals(Topics.POLICIES_IN_FORCE.name())) {
            return List.of();
        }
        String topic = Topics.DEAD_LETTERS.name();
        return List.of(new ProducerRecord<>(
                topic,
                null,
                context.timestamp(),
                key,
                serializer.serialize(topic, letter),
                DeadLetters.headersOf(context.headers())));
    }
}
