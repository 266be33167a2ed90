package io.instabilityguard.guard;

import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.signature.RecordSignature;
import io.instabilityguard.schemas.signature.SigningKey;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Serializes and signs records, withdrawals included: they have no value from which {@link io.instabilityguard.schemas.signature.SigningSerializer} could tell the
 * key.
 */
final class SigningProcessor<V> extends ContextualProcessor<String, V, String, byte[]> {

    private final String topic;
    private final Serializer<V> values;
    private final SigningKey signer;

    /** A processor before the sink of this topic. */
    SigningProcessor(Topic<?> topic, Serializer<V> values, SigningKey signer) {
        this.topic = topic.name();
        this.values = values;
        this.signer = signer;
    }

    @Override
    public void process(Record<String, V> record) {
        Record<String, byte[]> signed = record.withValue(values.serialize(topic, record.headers(), record.value()));
        RecordSignature.sign(signer, topic, signed.key(), signed.value(), signed.headers());
        context().forward(signed);
    }
}
