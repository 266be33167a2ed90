package io.instabilityguard.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BoundedDecoderTest {
    private static final Schema EVERYTHING = new Schema.Parser().parse("""
            {"type":"record","name":"Everything","fields":[
              {"name":"flag","type":"boolean"}, {"name":"small","type":"int"}, {"name":"big","type":"long"},
              {"name":"single","type":"float"}, {"name":"double","type":"double"}, {"name":"text","type":"string"},
              {"name":"raw","type":"bytes"}, {"name":"fixed","type":{"type":"fixed","name":"F","size":3}},
              {"name":"choice","type":["null","long"]}, {"name":"list","type":{"type":"array","items":"string"}},
              {"name":"map","type":{"type":"map","values":"double"}},
              {"name":"kind","type":{"type":"enum","name":"E","symbols":["A","B"]}}, {"name":"end","type":"int"}]}""");
    private static final Schema ONLY_THE_END = new Schema.Parser()
            .parse("{\"type\":\"record\",\"name\":\"Everything\",\"fields\":[{\"name\":\"end\",\"type\":\"int\"}]}");

    private final BoundedDecoder decoder = new BoundedDecoder();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldReadWhatAvroWrote(boolean sizedBlocks) throws Exception {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            GenericData.Record record = anything(random);
            decoder.reset(written(record, sizedBlocks), 0);

            assertThat(new GenericDatumReader<>(EVERYTHING).read(null, decoder)).isEqualTo(record);
            assertThat(decoder.remaining()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldSkipWhatTheReaderDoesNotWant(boolean sizedBlocks) throws Exception {
        GenericData.Record record = anything(new Random(11));
        decoder.reset(written(record, sizedBlocks), 0);

        Object read = new GenericDatumReader<>(EVERYTHING, ONLY_THE_END).read(null, decoder);

        assertThat(((GenericData.Record) read).get("end")).isEqualTo(record.get("end"));
        assertThat(decoder.remaining()).isZero();
    }

    @Test
    void shouldRefuseWhatIsNoNumber() {
        decoder.reset(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}, 0);
        assertThatThrownBy(decoder::readLong).isInstanceOf(IOException.class).hasMessageContaining("more than ten");

        decoder.reset(new byte[] {-2, -1, -1, -1, 127}, 0);
        assertThatThrownBy(decoder::readInt).isInstanceOf(IOException.class).hasMessageContaining("an int of value");

        decoder.reset(new byte[] {2}, 0);
        assertThatThrownBy(decoder::readBoolean).isInstanceOf(IOException.class).hasMessageContaining("value 2");
    }

    @Test
    void shouldNotReadPastTheEnd() {
        decoder.reset(new byte[] {1, 2, 3}, 0);

        assertThatThrownBy(decoder::readFloat)
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("1 bytes too early");
        assertThat(decoder.remaining()).isEqualTo(3);
    }

    private static GenericData.Record anything(Random random) {
        GenericData.Record record = new GenericData.Record(EVERYTHING);
        record.put("flag", random.nextBoolean());
        record.put("small", random.nextInt() >> random.nextInt(32));
        record.put("big", random.nextLong() >> random.nextInt(64));
        record.put("single", random.nextFloat());
        record.put("double", random.nextGaussian());
        record.put("text", "ä\u20ac\ud83d\ude00 " + random.nextInt());
        record.put("raw", ByteBuffer.wrap(new byte[random.nextInt(20)]));
        record.put("fixed", new GenericData.Fixed(EVERYTHING.getField("fixed").schema(), new byte[] {1, 2, 3}));
        record.put("choice", random.nextBoolean() ? null : random.nextLong());
        record.put("list", List.of("a", "", "c".repeat(random.nextInt(300))));
        record.put("map", Map.of("x", 1.5, "y", random.nextDouble()));
        record.put(
                "kind", new GenericData.EnumSymbol(EVERYTHING.getField("kind").schema(), "B"));
        record.put("end", random.nextInt());
        return record;
    }

    private static byte[] written(GenericData.Record record, boolean sizedBlocks) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = sizedBlocks
                ? EncoderFactory.get().blockingBinaryEncoder(bytes, null)
                : EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<>(EVERYTHING).write(record, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }
}
