package io.instabilityguard.schemas.signature;

import java.util.function.Function;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes records with another serializer and signs what that wrote. A serializer of values is not told the record's key, so the key is taken
 * from the value; written under any other key, the record does not verify.
 *
 * @param <V> the record
 */
public final class SigningSerializer<V> implements Serializer<V> {
    private final Serializer<V> values;
    private final Function<V, String> keyOf;
    private final SigningKey signer;

    /** A serializer that signs as {@code signer}; {@code keyOf} says under which key a value is published. */
    public SigningSerializer(Serializer<V> values, Function<V, String> keyOf, SigningKey signer) {
        this.values = values;
        this.keyOf = keyOf;
        this.signer = signer;
    }

    /** Refused: a signature needs the record's headers. */
    @Override
    public byte[] serialize(String topic, @Nullable V value) {
        throw new UnsupportedOperationException("records of " + topic + " are signed in their headers");
    }

    @Override
    public byte @Nullable [] serialize(String topic, Headers headers, @Nullable V value) {
        byte[] bytes = values.serialize(topic, headers, value);
        if (value != null && bytes != null) {
            RecordSignature.sign(signer, topic, keyOf.apply(value), bytes, headers);
        }
        return bytes;
    }

    @Override
    public void close() {
        values.close();
    }
}
