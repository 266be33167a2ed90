package io.instabilityguard.schemas;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Older and newer relatives of the schema of {@link RunState}, and records written with them. */
final class Evolution {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Evolution() {}

    /** A future version: a new field at the front and a new health, STALLED. */
    static Schema newer() {
        return changed(fields -> {
            fields.insertObject(0).put("name", "owner").put("type", "string").put("default", "");
            ((ArrayNode) fieldNamed(fields, "health").path("type").path("symbols")).add("STALLED");
        });
    }

    /** Another future version, which broke the rules: without {@code lastStep}, which has no default. */
    static Schema incompatible() {
        return changed(fields -> fields.remove(indexOf(fields, "lastStep")));
    }

    /** A run in the health that only {@link #newer} knows, encoded in Avro binary without a header. */
    static byte[] stalledRun() throws IOException {
        GenericRecord run = new GenericData.Record(newer());
        RunState sample = Samples.runState();
        sample.getSchema().getFields().forEach(field -> run.put(field.name(), sample.get(field.pos())));
        run.put("owner", "somebody");
        run.put("health", new GenericData.EnumSymbol(newer().getField("health").schema(), "STALLED"));
        run.put("mode", new GenericData.EnumSymbol(newer().getField("mode").schema(), "ENFORCE"));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(newer()).write(run, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    private static Schema changed(Consumer<ArrayNode> change) {
        try {
            JsonNode schema = JSON.readTree(Topics.RUNS.schema().toString());
            change.accept((ArrayNode) schema.path("fields"));
            return new Schema.Parser().parse(schema.toString());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode fieldNamed(ArrayNode fields, String name) {
        return fields.get(indexOf(fields, name));
    }

    private static int indexOf(ArrayNode fields, String name) {
        int index = 0;
        while (!fields.get(index).path("name").asText().equals(name)) {
            index++;
        }
        return index;
    }
}
