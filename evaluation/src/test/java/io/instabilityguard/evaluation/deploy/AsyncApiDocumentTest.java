package io.instabilityguard.evaluation.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Samples;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.message.RawMessageEncoder;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

final class AsyncApiDocumentTest {
    private static final int HEADER_BYTES = 10;

    @Test
    void shouldBeWhatTheSchemasAndTheCatalogueSay() throws IOException {
        Deploy.assertUpToDate("asyncapi.yaml", AsyncApiDocument.yaml());
    }

    @Test
    void shouldBeAsyncApi3() throws IOException {
        assertThat(PublishedSchema.of("asyncapi-3.0.0.json").problems(document()))
                .isEmpty();
    }

    @Test
    void shouldBeRefusedByThePublishedSchemaWhenItIsWrong() throws IOException {
        String broken = Deploy.text("asyncapi.yaml").replace("action: receive", "action: hear");
        assertThat(PublishedSchema.of("asyncapi-3.0.0.json")
                        .problems(Deploy.documents(broken).get(0)))
                .isNotEmpty();
    }

    /** What is shown as an example is, byte for byte, what our serializer writes, behind the header that the document names. */
    @Test
    void shouldShowRecordsThatParseWithTheirSchema() {
        JsonNode messages = document().at("/components/messages");
        assertThat(Samples.all())
                .hasSameSizeAs(messages)
                .allSatisfy(sample -> shouldShow(messages.get(sample.getSchema().getName()), sample));
    }

    private static void shouldShow(JsonNode message, SpecificRecord sample) throws IOException {
        Schema schema = new Schema.Parser().parse(message.at("/payload/schema").toString());
        String payload = message.at("/examples/0/payload").toString();
        GenericRecord example = new GenericDatumReader<GenericRecord>(schema)
                .read(null, DecoderFactory.get().jsonDecoder(schema, payload));
        byte[] written = written(sample);
        assertThat(new RawMessageEncoder<GenericRecord>(GenericData.get(), schema)
                        .encode(example)
                        .array())
                .isEqualTo(Arrays.copyOfRange(written, HEADER_BYTES, written.length));
        assertThat(message.get(AsyncApiDocument.SINGLE_OBJECT_HEADER).asText())
                .isEqualTo(HexFormat.of().formatHex(written, 0, HEADER_BYTES));
    }

    private static JsonNode document() {
        return Deploy.documents(Deploy.text("asyncapi.yaml")).get(0);
    }

    @SuppressWarnings("unchecked") // the serde's class is the record's own
    private static byte[] written(SpecificRecord sample) {
        Topic<SpecificRecord> topic = (Topic<SpecificRecord>) Topics.all().stream()
                .filter(each -> each.type().isInstance(sample))
                .findFirst()
                .orElseThrow();
        return RecordSerdes.of(topic, Map.of()).serializer().serialize(topic.name(), sample);
    }
}
