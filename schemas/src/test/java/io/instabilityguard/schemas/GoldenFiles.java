package io.instabilityguard.schemas;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.io.JsonEncoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;

/**
 * The files that hold the contracts still: a released copy of every schema, and of every topic one record as JSON and as the bytes of the
 * single-object encoding.
 *
 * <p>{@code GoldenFiles v2} (main, in the folder of this module) makes the files of a new version out of today's schemas and {@link Samples}.
 * It refuses to touch a version that exists; delete the folders of one that was never released to make it again.
 */
final class GoldenFiles {
    static final Path SCHEMAS = Path.of("src/main/avro");
    static final Path RELEASED = Path.of("src/main/resources/released");
    static final Path GOLDEN = Path.of("src/test/resources/golden");

    private GoldenFiles() {}

    /** Makes the files of the version named by the only argument. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 1 || !arguments[0].matches("v[1-9][0-9]*")) {
            throw new IllegalArgumentException("expected one argument, the version to make, such as v2");
        }
        Files.createDirectories(RELEASED);
        Files.createDirectories(GOLDEN);
        release(Files.createDirectory(RELEASED.resolve(arguments[0])));
        sample(Files.createDirectory(GOLDEN.resolve(arguments[0])));
    }

    /** Names of the records in {@code src/main/avro}. */
    static List<String> recordNames() throws IOException {
        try (Stream<Path> files = Files.list(SCHEMAS)) {
            return files.map(file -> file.getFileName().toString().replace(".avsc", ""))
                    .sorted()
                    .toList();
        }
    }

    /** Today's schema of a record of {@code src/main/avro}. */
    static Schema present(String record) throws ReflectiveOperationException {
        Class<?> type = Class.forName(GoldenFiles.class.getPackageName() + "." + record);
        return SpecificData.get().getSchema(type);
    }

    /** The golden bytes of a record in a version. */
    static byte[] bytes(String version, Topic<?> topic) throws IOException {
        return Files.readAllBytes(GOLDEN.resolve(version).resolve(topic.type().getSimpleName() + ".avro"));
    }

    /** The golden JSON of a record in a version, as today's class. */
    static SpecificRecord expected(String version, Topic<?> topic) throws IOException {
        String name = topic.type().getSimpleName();
        Schema writer = ReleasedSchemas.released(version, name).orElseThrow();
        String json = Files.readString(GOLDEN.resolve(version).resolve(name + ".json"));
        return new SpecificDatumReader<SpecificRecord>(writer, topic.schema())
                .read(null, DecoderFactory.get().jsonDecoder(writer, json));
    }

    private static void release(Path folder) throws IOException {
        for (String record : recordNames()) {
            try {
                Files.writeString(
                        folder.resolve(record + ".avsc"), plain(present(record)).toString(true) + "\n");
            } catch (ReflectiveOperationException e) {
                throw new IOException("no class was generated for " + record, e);
            }
        }
    }

    private static void sample(Path folder) throws IOException {
        for (SpecificRecord sample : Samples.all()) {
            String name = sample.getSchema().getName();
            Files.write(folder.resolve(name + ".avro"), encode(sample));
            Files.writeString(folder.resolve(name + ".json"), json(sample) + "\n");
        }
    }

    /** The bytes that go to the topic of this record without a registry. */
    @SuppressWarnings("unchecked") // the serde's class is the record's own
    static byte[] encode(SpecificRecord sample) {
        Topic<?> topic = topicOf(sample);
        Serde<SpecificRecord> serde = (Serde<SpecificRecord>) RecordSerdes.of(topic, Map.of());
        return serde.serializer().serialize(topic.name(), sample);
    }

    /** The topic that carries this kind of record. */
    static Topic<?> topicOf(SpecificRecord sample) {
        return Topics.all().stream()
                .filter(topic -> topic.type().isInstance(sample))
                .findFirst()
                .orElseThrow();
    }

    private static String json(SpecificRecord sample) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        JsonEncoder encoder = EncoderFactory.get().jsonEncoder(sample.getSchema(), text, true);
        new SpecificDatumWriter<>(sample.getSchema()).write(sample, encoder);
        encoder.flush();
        return text.toString(StandardCharsets.UTF_8);
    }

    /** The schema without what only concerns Java. */
    private static Schema plain(Schema schema) throws IOException {
        String text = schema.toString().replace(",\"avro.java.string\":\"String\"", "");
        return new Schema.Parser().parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }
}
