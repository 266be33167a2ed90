package io.instabilityguard.guard.deadletter;

import io.instabilityguard.guard.deadletter.DeadLetters.Origin;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.signature.SignatureProblem;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.BiFunction;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets sensible records through and turns absurd ones into dead letters: they could be read but mean nothing.
 *
 * @param <V> the record
 */
@SuppressWarnings("NullAway.Init") // Kafka Streams initialises it before the first record
public final class ScreeningProcessor<V> implements Processor<String, V, String, Object> {

    private static final Logger LOG = LoggerFactory.getLogger(ScreeningProcessor.class);
    private static final String VALIDATION = "validation";
    private static final String VERIFICATION = "verification";

    private final BiFunction<@Nullable String, @Nullable V, Optional<String>> problemOf;
    private final Serializer<V> serializer;
    private final String next;
    private final String deadLetters;
    private ProcessorContext<String, Object> context;

    /**
     * A screen.
     *
     * @param problemOf what is wrong with a record (null without a value) under its key; empty when nothing is
     * @param serializer writes an absurd record into its dead letter
     * @param next node for sensible records
     * @param deadLetters node for dead letters
     */
    public ScreeningProcessor(
            BiFunction<@Nullable String, @Nullable V, Optional<String>> problemOf,
            Serializer<V> serializer,
            String next,
            String deadLetters) {
        this.problemOf = problemOf;
        this.serializer = serializer;
        this.next = next;
        this.deadLetters = deadLetters;
    }

    /** The same check for records that must have a value. */
    public static <V> BiFunction<@Nullable String, @Nullable V, Optional<String>> required(
            BiFunction<@Nullable String, V, Optional<String>> problemOf) {
        return (key, value) -> value == null ? Optional.of("the record has no value") : problemOf.apply(key, value);
    }

    @Override
    public void init(ProcessorContext<String, Object> newContext) {
        context = newContext;
    }

    @Override
    public void process(Record<String, V> record) {
        Optional<String> problem = problemOf.apply(record.key(), record.value());
        if (problem.isPresent()) {
            V value = record.value();
            bury(record, VALIDATION, problem.get(), value == null ? null : serializer.serialize(topic(), value));
        } else {
            context.forward(record, next);
        }
    }

    /** Turns a record that is not believed into a dead letter, as it came. */
    public void refuse(Record<String, byte[]> record, SignatureProblem problem) {
        LOG.warn("a record of {} under key {} is refused: {}", topic(), record.key(), problem.reason());
        bury(record, VERIFICATION, problem.reason(), record.value());
    }

    private void bury(Record<String, ?> record, String stage, String problem, byte @Nullable [] value) {
        RecordMetadata metadata = context.recordMetadata().orElseThrow();
        Origin origin = new Origin(metadata.topic(), metadata.partition(), metadata.offset(), record.timestamp());
        byte[] key = record.key() == null ? null : record.key().getBytes(StandardCharsets.UTF_8);
        DeadLetter letter = DeadLetters.letter(origin, stage, problem, key, value);
        context.forward(record.withValue(letter).withHeaders(DeadLetters.headersOf(record.headers())), deadLetters);
    }

    private String topic() {
        return context.recordMetadata().orElseThrow().topic();
    }
}
