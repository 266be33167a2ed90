package io.instabilityguard.schemas;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Avro binary of one kind of record, behind a header that somebody else understands. Safe for many threads: buffers, encoders and decoders
 * are kept per thread and reused.
 */
final class RecordCodec<V extends SpecificRecord> {
    /** A buffer that one huge record has blown up beyond this is not kept. */
    private static final int LARGEST_KEPT_BUFFER = 1 << 20;

    private final SpecificData data = new SpecificData();
    private final Schema schema;
    private final DatumWriter<V> writer;
    private final ThreadLocal<Encoding> encodings = ThreadLocal.withInitial(Encoding::new);
    private final ThreadLocal<Decoding> decodings = ThreadLocal.withInitial(Decoding::new);

    RecordCodec(Schema schema) {
        this.schema = schema;
        // The coders in the generated classes measured no slower than the fast reader, mostly faster; it would go first
        data.setCustomCoders(true);
        data.setFastReaderEnabled(false);
        this.writer = new SpecificDatumWriter<>(schema, data);
    }

    /** The header followed by the record. */
    byte[] encode(byte[] header, V value) throws IOException {
        return encodings.get().encode(header, value);
    }

    /** The record that {@code writerSchema} wrote into {@code bytes} from {@code start} to the end, as today's class. */
    V decode(Schema writerSchema, byte[] bytes, int start) throws IOException {
        return decodings.get().decode(writerSchema, bytes, start);
    }

    private final class Encoding {
        private ByteArrayOutputStream buffer = new ByteArrayOutputStream();
        private @Nullable BinaryEncoder encoder;

        byte[] encode(byte[] header, V value) throws IOException {
            // Taking the encoder flushes what a failed record left in it, so the buffer is emptied afterwards
            encoder = EncoderFactory.get().binaryEncoder(buffer, encoder);
            buffer.reset();
            buffer.write(header);
            writer.write(value, encoder);
            encoder.flush();
            byte[] bytes = buffer.toByteArray();
            if (bytes.length > LARGEST_KEPT_BUFFER) {
                buffer = new ByteArrayOutputStream();
            }
            return bytes;
        }
    }

    private final class Decoding {
        private final BoundedDecoder decoder = new BoundedDecoder();
        private final Map<Schema, DatumReader<V>> readers = new IdentityHashMap<>();

        V decode(Schema writerSchema, byte[] bytes, int start) throws IOException {
            DatumReader<V> reader =
                    readers.computeIfAbsent(writerSchema, from -> new SpecificDatumReader<>(from, schema, data));
            decoder.reset(bytes, start);
            V value = reader.read(null, decoder);
            if (decoder.remaining() > 0) {
                throw new IOException(decoder.remaining() + " bytes follow the record");
            }
            return value;
        }
    }
}
