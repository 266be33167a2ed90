package io.instabilityguard.guard.recording;

import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/**
 * The file: an Avro object container (deflate) of records {@code Recorded} with {@code topic}, {@code partition}, {@code offset}, {@code timestampMs}, {@code headers}
 * (name and bytes) and {@code value}, a union of the guard's own schemas. The schema is embedded, so that any Avro library reads it without the guard. Metadata:
 * {@value #RUN} and {@value #VERSION_KEY}.
 */
final class RecordingFormat {

    static final String RUN = "guard.run";
    static final String VERSION_KEY = "guard.recording";
    static final String VERSION = "1";

    /** Topics that hold records of runs, in the order in which records of one time follow each other: what the guard reads, then what it made of it. */
    static final List<Topic<?>> TOPICS = List.of(
            Topics.LEASES,
            Topics.OPERATOR,
            Topics.OUTCOMES,
            Topics.TELEMETRY,
            Topics.ANOMALIES,
            Topics.DECISIONS,
            Topics.COMMANDS,
            Topics.RUNS);

    private static final String HEADER_NAME = "name";
    private static final String HEADER_VALUE = "value";
    private static final Schema HEADER = SchemaBuilder.record("RecordedHeader")
            .namespace("io.instabilityguard.recording")
            .fields()
            .requiredString(HEADER_NAME)
            .requiredBytes(HEADER_VALUE)
            .endRecord();

    static final Schema SCHEMA = SchemaBuilder.record("Recorded")
            .namespace("io.instabilityguard.recording")
            .doc("One record of the guard's topics as it stood there.")
            .fields()
            .requiredString("topic")
            .requiredInt("partition")
            .requiredLong("offset")
            .requiredLong("timestampMs")
            .name("headers")
            .type(Schema.createArray(HEADER))
            .noDefault()
            .name("value")
            .type(Schema.createUnion(TOPICS.stream().map(Topic::schema).toList()))
            .noDefault()
            .endRecord();

    private RecordingFormat() {}

    /** Avro's view of the classes, with the coders that were generated for them: they are the fastest. */
    static SpecificData data() {
        SpecificData data = new SpecificData();
        data.setCustomCoders(true);
        data.setFastReaderEnabled(false);
        return data;
    }

    static GenericRecord toAvro(Recorded recorded) {
        List<GenericRecord> headers = new ArrayList<>();
        for (RecordedHeader header : recorded.headers()) {
            GenericRecord avro = new GenericData.Record(HEADER);
            avro.put(HEADER_NAME, header.name());
            avro.put(HEADER_VALUE, ByteBuffer.wrap(header.value()));
            headers.add(avro);
        }
        GenericRecord avro = new GenericData.Record(SCHEMA);
        avro.put(0, recorded.topic());
        avro.put(1, recorded.partition());
        avro.put(2, recorded.offset());
        avro.put(3, recorded.timestampMs());
        avro.put(4, headers);
        avro.put(5, recorded.value());
        return avro;
    }

    static Recorded fromAvro(GenericRecord avro) {
        return new Recorded(
                avro.get(0).toString(),
                (int) avro.get(1),
                (long) avro.get(2),
                (long) avro.get(3),
                ((List<?>) avro.get(4))
                        .stream()
                                .map(GenericRecord.class::cast)
                                .map(RecordingFormat::header)
                                .toList(),
                (SpecificRecord) avro.get(5));
    }

    private static RecordedHeader header(GenericRecord avro) {
        ByteBuffer bytes = (ByteBuffer) avro.get(HEADER_VALUE);
        byte[] value = new byte[bytes.remaining()];
        bytes.get(value);
        return new RecordedHeader(String.valueOf((Object) avro.get(HEADER_NAME)), value);
    }
}
