package io.instabilityguard.guard.deadletter;

import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.signature.RecordVerification;
import io.instabilityguard.schemas.signature.SignatureProblem;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Stands before another processor and hands on only what somebody trusted has signed. What is not believed is refused before any of it is decoded. A deserializer
 * could not do that: it is not told the key, which is signed, too.
 *
 * @param <V> the record
 * @param <K> key of what the other processor forwards
 * @param <R> value of what it forwards
 */
public final class VerifyingProcessor<V, K, R> implements Processor<String, byte[], K, R> {

    private final RecordVerification verification;
    private final String topic;
    private final Deserializer<V> values;
    private final Processor<String, V, K, R> verified;
    private final BiConsumer<Record<String, byte[]>, SignatureProblem> refused;

    /**
     * A processor of the raw records of one topic.
     *
     * @param verification whom to believe
     * @param topic where the records come from
     * @param values decodes what is believed
     * @param verified is given it
     * @param refused is given what is not believed, and why
     */
    public VerifyingProcessor(
            RecordVerification verification,
            Topic<?> topic,
            Deserializer<V> values,
            Processor<String, V, K, R> verified,
            BiConsumer<Record<String, byte[]>, SignatureProblem> refused) {
        this.verification = verification;
        this.topic = topic.name();
        this.values = values;
        this.verified = verified;
        this.refused = refused;
    }

    @Override
    public void init(ProcessorContext<K, R> context) {
        verified.init(context);
    }

    @Override
    public void process(Record<String, byte[]> record) {
        Optional<SignatureProblem> problem =
                verification.problemOf(topic, record.key(), record.value(), record.headers());
        if (problem.isPresent()) {
            refused.accept(record, problem.get());
        } else {
            verified.process(record.withValue(values.deserialize(topic, record.headers(), record.value())));
        }
    }

    @Override
    public void close() {
        verified.close();
    }
}
