package io.instabilityguard.schemas;

import java.nio.ByteBuffer;
import org.apache.avro.Schema;
import org.apache.kafka.common.errors.SerializationException;

/** Confluent's wire format: a zero byte, then the schema's id in the registry, 4 bytes big endian. */
final class ConfluentFraming implements Framing {
    private static final int LENGTH = 5;
    private static final byte MAGIC = 0;

    private final String subject;
    private final Schema schema;
    private final SchemaRegistry registry;

    ConfluentFraming(Topic<?> topic, SchemaRegistry registry) {
        this.subject = topic.name() + "-value";
        this.schema = topic.schema();
        this.registry = registry;
    }

    @Override
    public byte[] header() {
        return ByteBuffer.allocate(LENGTH)
                .put(MAGIC)
                .putInt(registry.idOf(subject, schema))
                .array();
    }

    @Override
    public int headerLength() {
        return LENGTH;
    }

    @Override
    public Schema writerOf(byte[] bytes) {
        ByteBuffer start = ByteBuffer.wrap(bytes);
        if (start.get() != MAGIC) {
            throw new SerializationException("it does not begin with 00, the mark of the registry's wire format"
                    + " (was it written without " + RecordSerdes.REGISTRY_URL + "?)");
        }
        return registry.schemaOf(start.getInt());
    }
}
