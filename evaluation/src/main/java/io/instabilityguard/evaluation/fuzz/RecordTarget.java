package io.instabilityguard.evaluation.fuzz;

import io.instabilityguard.evaluation.fuzz.GoldenSamples.Written;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/** Records as they lie on the topics. The first byte of an input says on which topic, the rest is the record. */
final class RecordTarget implements Target {
    private static final int SINGLE_OBJECT_HEADER = 10;

    private final String name;
    private final int header;
    private final List<byte[]> samples;
    private final Runnable release;
    private final List<Topic<?>> topics = Topics.all();
    private final List<Deserializer<?>> readers = new ArrayList<>();

    private RecordTarget(
            String name, int header, List<byte[]> samples, Map<String, String> settings, Runnable release) {
        this.name = name;
        this.header = header;
        this.samples = samples;
        this.release = release;
        RecordSerdes serdes = RecordSerdes.of(settings);
        topics.forEach(topic -> readers.add(serdes.serde(topic).deserializer()));
    }

    /** In Avro's single-object encoding. */
    static RecordTarget singleObject(List<Written> golden) {
        List<byte[]> samples = golden.stream()
                .map(written -> labelled(written, written.bytes()))
                .toList();
        return new RecordTarget("record", SINGLE_OBJECT_HEADER, samples, Map.of(), () -> {});
    }

    /** In Confluent's wire format, with the ids of this registry, which closes with it. */
    static RecordTarget confluent(List<Written> golden, ReleasedRegistry registry) {
        List<byte[]> samples = golden.stream()
                .map(written -> labelled(written, confluent(written, registry)))
                .toList();
        Map<String, String> settings = Map.of(RecordSerdes.REGISTRY_URL, registry.url());
        return new RecordTarget("record, Confluent", ReleasedRegistry.HEADER, samples, settings, registry::close);
    }

    private static byte[] confluent(Written written, ReleasedRegistry registry) {
        byte[] record = written.bytes();
        int body = record.length - SINGLE_OBJECT_HEADER;
        return ByteBuffer.allocate(ReleasedRegistry.HEADER + body)
                .put((byte) 0)
                .putInt(registry.idOf(written.version(), written.name()))
                .put(record, SINGLE_OBJECT_HEADER, body)
                .array();
    }

    private static byte[] labelled(Written written, byte[] record) {
        int topic = 0;
        while (!Topics.all().get(topic).type().getSimpleName().equals(written.name())) {
            topic++;
        }
        return ByteBuffer.allocate(1 + record.length)
                .put((byte) topic)
                .put(record)
                .array();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public byte[] input(RandomGenerator random) {
        byte[] sample = samples.get(random.nextInt(samples.size()));
        return switch (random.nextInt(8)) {
            case 0 -> sample;
            case 1 -> joined(sample, 1, ByteMutation.noise(random));
            case 2, 3, 4 -> ByteMutation.mutate(sample, 1 + (random.nextInt(8) == 0 ? 0 : header), samples, random);
            case 5 -> ByteMutation.mutate(structured(sample, random), 1 + header, samples, random);
            default -> structured(sample, random);
        };
    }

    /** The header of a sample and something made after today's schema. */
    private byte[] structured(byte[] sample, RandomGenerator random) {
        return joined(sample, 1 + header, AvroBytes.of(topics.get(sample[0]).schema(), random));
    }

    private static byte[] joined(byte[] sample, int from, byte[] rest) {
        return ByteBuffer.allocate(from + rest.length)
                .put(sample, 0, from)
                .put(rest)
                .array();
    }

    @Override
    public void read(byte[] input) {
        int topic = Byte.toUnsignedInt(input[0]);
        readers.get(topic).deserialize(topics.get(topic).name(), Arrays.copyOfRange(input, 1, input.length));
    }

    @Override
    public Optional<String> refusal(Exception e) {
        return e instanceof SerializationException ? Optional.ofNullable(e.getMessage()) : Optional.empty();
    }

    @Override
    public void close() {
        release.run();
    }
}
