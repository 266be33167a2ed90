package io.instabilityguard.schemas;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.kafka.common.errors.SerializationException;

/** Avro's single-object encoding: {@code C3 01}, then the CRC-64-AVRO fingerprint of the schema, little endian. Needs no registry. */
final class SingleObjectFraming implements Framing {
    private static final int LENGTH = 10;
    private static final short MAGIC = (short) 0x01C3;

    private final byte[] header;

    SingleObjectFraming(Schema schema) {
        header = buffer(new byte[LENGTH])
                .putShort(MAGIC)
                .putLong(SchemaNormalization.parsingFingerprint64(schema))
                .array();
    }

    @Override
    public byte[] header() {
        return header;
    }

    @Override
    public int headerLength() {
        return LENGTH;
    }

    @Override
    public Schema writerOf(byte[] bytes) {
        ByteBuffer start = buffer(bytes);
        if (start.getShort() != MAGIC) {
            throw new SerializationException("it does not begin with c3 01, the mark of Avro's single-object encoding"
                    + " (was it written with " + RecordSerdes.REGISTRY_URL + " set?)");
        }
        return ReleasedSchemas.writtenBy(start.getLong());
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
