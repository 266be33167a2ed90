package io.instabilityguard.guard;

import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Refuses to write what a producer would refuse to send. A record that is too large spoils a producer's transaction, and with it the thread, again and again;
 * one that cannot be written is a dead letter. Errors: {@link SerializationException} with both sizes.
 *
 * @param inner writes the value
 * @param mostBytes largest value
 */
record BoundedSerializer<T>(Serializer<T> inner, int mostBytes) implements Serializer<T> {

    @Override
    public byte @Nullable [] serialize(String topic, @Nullable T value) {
        return checked(topic, inner.serialize(topic, value));
    }

    @Override
    public byte @Nullable [] serialize(String topic, Headers headers, @Nullable T value) {
        return checked(topic, inner.serialize(topic, headers, value));
    }

    private byte @Nullable [] checked(String topic, byte @Nullable [] bytes) {
        if (bytes != null && bytes.length > mostBytes) {
            throw new SerializationException("a value of " + bytes.length + " bytes is too large for " + topic
                    + ": producer.max.request.size leaves room for " + mostBytes);
        }
        return bytes;
    }

    @Override
    public void close() {
        inner.close();
    }
}
