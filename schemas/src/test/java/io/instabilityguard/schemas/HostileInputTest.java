package io.instabilityguard.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostileInputTest {
    private static final int MUTATIONS_PER_TOPIC = 4_000;
    private static final int MUTATIONS = MUTATIONS_PER_TOPIC * Topics.all().size();
    private static final long SEED = 20_261_121;
    private static final int HEADER = 10;

    private final Random random = new Random(SEED);
    private int refused;
    private int read;

    @Test
    void shouldReadOrRefuseWhateverBecomesOfARecord() {
        Assertions.assertTimeoutPreemptively(Duration.ofMinutes(2), this::mutate);

        assertThat(refused).isGreaterThan(MUTATIONS / 10);
        assertThat(read).isGreaterThan(MUTATIONS / 100);
        assertThat(refused + read).isEqualTo(MUTATIONS);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 20, Integer.MAX_VALUE, Long.MAX_VALUE, -1, -(1L << 30), Long.MIN_VALUE})
    void shouldRefuseAnAbsurdNumberOfLayers(long layers) throws Exception {
        byte[] bytes = telemetryWithLayerCount(layers);

        assertThatThrownBy(() -> reader(Topics.TELEMETRY).deserialize("t", bytes))
                .isInstanceOf(SerializationException.class)
                .hasMessageContaining("cannot read a StepTelemetry");
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 20, Integer.MAX_VALUE, Long.MAX_VALUE, -1, Long.MIN_VALUE})
    void shouldRefuseAnAbsurdLengthOfText(long length) throws Exception {
        ByteArrayOutputStream bytes = header(TelemetrySamples.telemetry(0));
        BinaryEncoder body = EncoderFactory.get().directBinaryEncoder(bytes, null);
        body.writeLong(length);

        assertThatThrownBy(() -> reader(Topics.TELEMETRY).deserialize("t", bytes.toByteArray()))
                .isInstanceOf(SerializationException.class)
                .hasMessageContaining("a length of " + length);
    }

    private void mutate() {
        for (SpecificRecord sample : Samples.all()) {
            Topic<?> topic = GoldenFiles.topicOf(sample);
            Deserializer<?> reader = reader(topic);
            byte[] bytes = GoldenFiles.encode(sample);
            for (int i = 0; i < MUTATIONS_PER_TOPIC; i++) {
                feed(topic, reader, mutated(bytes));
            }
            assertThat(reader.deserialize(topic.name(), bytes)).hasToString(sample.toString());
        }
    }

    /** Anything but a record or a SerializationException fails the test. */
    private void feed(Topic<?> topic, Deserializer<?> reader, byte[] bytes) {
        try {
            assertThat(reader.deserialize(topic.name(), bytes)).isInstanceOf(topic.type());
            read++;
        } catch (SerializationException e) {
            assertThat(e).hasMessageStartingWith("topic " + topic.name() + ": cannot read a ");
            refused++;
        }
    }

    private byte[] mutated(byte[] bytes) {
        byte[] changed =
                Arrays.copyOf(bytes, random.nextInt(8) == 0 ? random.nextInt(bytes.length + 20) : bytes.length);
        int start = random.nextInt(8) == 0 ? 0 : HEADER;
        for (int flips = random.nextInt(4); flips >= 0 && changed.length > start; flips--) {
            changed[start + random.nextInt(changed.length - start)] = anyByte();
        }
        return changed;
    }

    /** Often the bytes that make lengths large: those with the continuation bit. */
    private byte anyByte() {
        return (byte) (random.nextInt(3) == 0 ? 0xFF : random.nextInt(256));
    }

    private static byte[] telemetryWithLayerCount(long layers) throws IOException {
        StepTelemetry step = TelemetrySamples.telemetry(0);
        ByteArrayOutputStream bytes = header(step);
        BinaryEncoder body = EncoderFactory.get().directBinaryEncoder(bytes, null);
        body.writeString(step.getRun());
        body.writeLong(step.getGeneration());
        body.writeInt(step.getProcessRank());
        body.writeInt(step.getWorldSize());
        body.writeLong(step.getStep());
        body.writeLong(step.getTimestampMs());
        for (int numbers = 0; numbers < 5; numbers++) {
            body.writeDouble(0);
        }
        body.writeLong(step.getSpectraStep());
        body.writeLong(layers);
        body.writeFixed(new byte[64]);
        return bytes.toByteArray();
    }

    private static ByteArrayOutputStream header(SpecificRecord record) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(GoldenFiles.encode(record), 0, HEADER);
        return bytes;
    }

    private static Deserializer<?> reader(Topic<?> topic) {
        return RecordSerdes.of(topic, Map.of()).deserializer();
    }
}
