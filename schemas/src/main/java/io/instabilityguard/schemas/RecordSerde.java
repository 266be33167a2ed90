package io.instabilityguard.schemas;

import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes and reads the records of one topic. Made by {@link RecordSerdes}; safe for many threads; null (a tombstone) stays null.
 *
 * <p>Records of any released schema, older or newer in the same chain, are read as today's class. Errors: one {@link SerializationException}
 * that says which topic, which record and what is wrong; {@link RegistryUnavailableException} when the record may be fine but the registry
 * cannot be asked. Lengths in the input are checked against the bytes that are there, so hostile input costs no memory.
 */
public final class RecordSerde<V extends SpecificRecord> implements Serde<V> {
    private static final int SHOWN_BYTES = 16;

    private final Schema schema;
    private final Framing framing;
    private final RecordCodec<V> codec;

    RecordSerde(Topic<V> topic, Framing framing) {
        this.schema = topic.schema();
        this.framing = framing;
        this.codec = new RecordCodec<>(schema);
    }

    @Override
    public Serializer<V> serializer() {
        return this::write;
    }

    @Override
    public Deserializer<V> deserializer() {
        return this::read;
    }

    private byte @Nullable [] write(String topic, @Nullable V value) {
        if (value == null) {
            return null;
        }
        try {
            return codec.encode(framing.header(), value);
        } catch (RegistryUnavailableException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new SerializationException(
                    "topic %s: cannot write this %s: %s".formatted(topic, schema.getName(), reason(e)), e);
        }
    }

    private @Nullable V read(String topic, byte @Nullable [] bytes) {
        if (bytes == null) {
            return null;
        }
        try {
            return decode(bytes);
        } catch (RegistryUnavailableException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new SerializationException(
                    "topic %s: cannot read a %s from %d bytes (%s): %s"
                            .formatted(topic, schema.getName(), bytes.length, beginning(bytes), reason(e)),
                    e);
        }
    }

    private V decode(byte[] bytes) throws IOException {
        if (bytes.length < framing.headerLength()) {
            throw new IOException("shorter than the header of " + framing.headerLength() + " bytes");
        }
        Schema writer = framing.writerOf(bytes);
        if (!writer.getFullName().equals(schema.getFullName())) {
            throw new IOException("it holds a " + writer.getFullName());
        }
        return codec.decode(writer, bytes, framing.headerLength());
    }

    private static String reason(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static String beginning(byte[] bytes) {
        String shown = HexFormat.ofDelimiter(" ").formatHex(Arrays.copyOf(bytes, Math.min(bytes.length, SHOWN_BYTES)));
        return bytes.length > SHOWN_BYTES ? shown + " …" : shown;
    }
}
