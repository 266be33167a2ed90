package io.instabilityguard.evaluation.deploy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.instabilityguard.guard.console.AclRule;
import io.instabilityguard.guard.console.LeastAcls;
import io.instabilityguard.schemas.Samples;
import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.RecordSignature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.io.JsonEncoder;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;

/** {@code deploy/asyncapi.yaml}: made of the catalogue of topics, their schemas, the least access control list and the samples. */
final class AsyncApiDocument {
    static final String SINGLE_OBJECT_HEADER = "x-single-object-header";
    private static final String BINDING = "0.5.0";
    private static final Set<Topic<?>> SIGNED = Set.of(
            Topics.COMMANDS,
            Topics.DECISIONS,
            Topics.LEASES,
            Topics.OPERATOR,
            Topics.POLICIES,
            Topics.POLICIES_IN_FORCE);
    /** Kafka Streams hands a record's headers on to what follows from it. */
    private static final Set<Topic<?>> TRACED =
            Set.of(Topics.TELEMETRY, Topics.COMMANDS, Topics.DECISIONS, Topics.ANOMALIES, Topics.RUNS);

    private static final String TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static final String ABOUT = """
            Every topic that Instability Guard reads and writes. Each operation is tagged with the principal that performs it (./guard acls prints what \
            each must be allowed); write a consumer as the principal `subscriber`, with group ids that begin with `subscriber`.

            Keys are UTF-8 strings. All records of one run have its id as key, hence one partition and one order.

            Values are Avro in one of two framings, the same for all topics of a cluster. Without a schema registry (the default): Avro's single-object \
            encoding, that is the ten bytes named `x-single-object-header` with each message here, then the record. A record of another release begins \
            with other bytes after c3 01 and is written with another schema; all releases can be read as each other (FULL_TRANSITIVE), their schemas are \
            in schemas/src/main/resources/released. With `schema.registry.url`: Confluent's wire format, that is a zero byte, the schema's id in 4 \
            bytes, big endian, then the record; the subject is the topic's name with `-value`.

            Read with `isolation.level` = `read_committed`: the guard writes in transactions. Ignore fields that you do not know, and symbols of enums \
            that you do not know read as UNKNOWN. Numbers that could not be measured are NaN.

            What the guard writes of commands, decisions, claims and policies in force is signed when it has a key, and so is what operators write when they \
            have one: Ed25519 over five parts, each preceded by its length in 4 bytes, big endian: the text `instability-guard record signature v1`, the key's \
            id, the topic, the record's key, the record's value as it is on the wire. A withdrawn policy has no value: its length is -1, nothing follows.
            """;

    private AsyncApiDocument() {}

    /** The document, as YAML. */
    static String yaml() {
        ObjectNode document = object();
        document.put("asyncapi", "3.0.0").put("id", "urn:io.instabilityguard:topics");
        document.putObject("info")
                .put("title", "Instability Guard")
                .put("version", "1")
                .put("description", ABOUT)
                .putObject("license")
                .put("name", "Apache-2.0");
        document.put("defaultContentType", "application/avro");
        document.putObject("servers")
                .putObject("kafka")
                .put("host", "broker-1:9092")
                .put("protocol", "kafka")
                .put(
                        "description",
                        "Your cluster: bootstrap-servers of guard.yaml; TLS and SASL as it is set up with them.");
        ObjectNode channels = document.putObject("channels");
        Topics.all().forEach(topic -> channels.set(id(topic), channel(topic)));
        ObjectNode operations = document.putObject("operations");
        rules().forEach(rule -> operations.set(operationId(rule), operation(rule)));
        ObjectNode messages = document.putObject("components").putObject("messages");
        Samples.all().forEach(sample -> messages.set(sample.getSchema().getName(), message(sample)));
        return write(document);
    }

    private static ObjectNode channel(Topic<?> topic) {
        String message = topic.type().getSimpleName();
        ObjectNode channel = object().put("address", topic.name())
                .put("description", topic.schema().getDoc());
        channel.putObject("messages").putObject(message).put("$ref", "#/components/messages/" + message);
        ObjectNode kafka = channel.putObject("bindings").putObject("kafka");
        kafka.put("topic", topic.name()).put("partitions", topic.partitions());
        ObjectNode settings = kafka.putObject("topicConfiguration");
        settings.putArray("cleanup.policy").add(topic.compacted() ? "compact" : "delete");
        if (!topic.compacted()) {
            settings.put("retention.ms", topic.retention().toMillis());
        }
        kafka.put("bindingVersion", BINDING);
        return channel;
    }

    private static List<AclRule> rules() {
        return new LeastAcls("", "instability-guard")
                .rules().stream()
                        .filter(rule -> rule.type() == ResourceType.TOPIC)
                        .filter(rule -> Topics.all().stream()
                                .anyMatch(topic -> topic.name().equals(rule.name())))
                        .toList();
    }

    private static ObjectNode operation(AclRule rule) {
        ObjectNode operation = object().put("action", isRead(rule) ? "receive" : "send");
        operation.putObject("channel").put("$ref", "#/channels/" + id(topicOf(rule)));
        operation.put("summary", rule.why()).putArray("tags").addObject().put("name", role(rule));
        return operation;
    }

    private static String operationId(AclRule rule) {
        String topic = id(topicOf(rule));
        return role(rule)
                + (isRead(rule) ? "Receives" : "Sends")
                + topic.substring(0, 1).toUpperCase(Locale.ROOT)
                + topic.substring(1);
    }

    private static Topic<?> topicOf(AclRule rule) {
        return Topics.all().stream()
                .filter(topic -> topic.name().equals(rule.name()))
                .findFirst()
                .orElseThrow();
    }

    private static boolean isRead(AclRule rule) {
        return rule.operation() == AclOperation.READ;
    }

    private static String role(AclRule rule) {
        return rule.principal().substring("User:".length());
    }

    /** {@code guard.dead-letters.v1} is deadLetters. */
    private static String id(Topic<?> topic) {
        StringBuilder id = new StringBuilder();
        for (String word : topic.name().split("\\.")[1].split("-")) {
            id.append(id.isEmpty() ? word : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
        }
        return id.toString();
    }

    private static ObjectNode message(SpecificRecord sample) {
        Topic<?> topic = Topics.all().stream()
                .filter(each -> each.type().isInstance(sample))
                .findFirst()
                .orElseThrow();
        Schema schema = plain(topic.schema());
        ObjectNode message = object().put("name", schema.getFullName()).put("summary", schema.getDoc());
        message.put(SINGLE_OBJECT_HEADER, singleObjectHeader(schema));
        message.set("headers", headers(topic));
        message.putObject("payload")
                .put("schemaFormat", "application/vnd.apache.avro+json;version=1.9.0")
                .set("schema", json(schema.toString()));
        key(message.putObject("bindings").putObject("kafka"), topic).put("bindingVersion", BINDING);
        ObjectNode example = message.putArray("examples").addObject();
        example.set("headers", exampleHeaders(topic));
        example.set("payload", json(encoded(sample, schema)));
        return message;
    }

    private static ObjectNode key(ObjectNode kafka, Topic<?> topic) {
        boolean isOfRuns = topic != Topics.POLICIES && topic != Topics.POLICIES_IN_FORCE;
        kafka.putObject("key").put("type", "string").put("description", isOfRuns ? "Run id." : "Pattern of run ids.");
        return kafka;
    }

    private static ObjectNode headers(Topic<?> topic) {
        ObjectNode headers = object().put("type", "object");
        ObjectNode properties = headers.putObject("properties");
        if (TRACED.contains(topic)) {
            text(properties, StepTrace.HEADER, "W3C Trace Context of the step that led to this record, ASCII.");
        }
        if (SIGNED.contains(topic)) {
            text(
                    properties,
                    RecordSignature.KEY_ID,
                    "Id of the key that signed the record, UTF-8; absent when unsigned.");
            text(properties, RecordSignature.SIGNATURE, "Ed25519 signature: 64 bytes, here in base64.");
        }
        return headers;
    }

    private static void text(ObjectNode properties, String name, String description) {
        properties.putObject(name).put("type", "string").put("description", description);
    }

    private static ObjectNode exampleHeaders(Topic<?> topic) {
        ObjectNode headers = object();
        if (TRACED.contains(topic)) {
            headers.put(StepTrace.HEADER, TRACEPARENT);
        }
        if (SIGNED.contains(topic)) {
            headers.put(RecordSignature.KEY_ID, "guard-0123456789ab");
        }
        return headers;
    }

    static String singleObjectHeader(Schema schema) {
        byte[] header = ByteBuffer.allocate(10)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) 0x01C3)
                .putLong(SchemaNormalization.parsingFingerprint64(schema))
                .array();
        return HexFormat.of().formatHex(header);
    }

    /** The schema without what only concerns Java. */
    private static Schema plain(Schema schema) {
        return new Schema.Parser().parse(schema.toString().replace(",\"avro.java.string\":\"String\"", ""));
    }

    private static String encoded(SpecificRecord sample, Schema schema) {
        try {
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            JsonEncoder encoder = EncoderFactory.get().jsonEncoder(schema, text);
            new SpecificDatumWriter<SpecificRecord>(schema).write(sample, encoder);
            encoder.flush();
            return text.toString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String write(ObjectNode document) {
        try {
            return "# Generated: evaluation's AsyncApiDocumentTest says how to bring it up to date.\n"
                    + Deploy.YAML.writeValueAsString(document);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
