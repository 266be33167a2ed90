package io.instabilityguard.evaluation.registry;

import static org.apache.avro.SchemaNormalization.toParsingForm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.instabilityguard.evaluation.registry.RegistryServer.Answer;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Samples;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Our records and a schema registry that is not ours. */
class RegistryIT {
    private static final String APICURIO = "io.apicurio.registry.serde.avro.AvroKafka";
    private static RegistryServer registry;

    @BeforeAll
    static void start() throws Exception {
        registry = RegistryServer.shared();
    }

    @Test
    void shouldWriteTheRegistrysIdsAndReadByThem() throws Exception {
        for (SpecificRecord sample : Samples.all()) {
            Topic<?> topic = topicOf(sample);
            byte[] bytes = write(topic, sample);

            assertThat(bytes[0]).isZero();
            assertThat(toParsingForm(registry.schema(ByteBuffer.wrap(bytes).getInt(1))))
                    .isEqualTo(toParsingForm(topic.schema()));
            assertThat(serde(topic).deserializer().deserialize(topic.name(), bytes))
                    .hasToString(sample.toString());
            assertThat(write(topic, sample)).isEqualTo(bytes);
        }
    }

    @Test
    void shouldAcceptEveryReleasedVersionAfterTheOther() throws Exception {
        for (Topic<?> topic : Topics.all()) {
            List<Schema> released = released(topic);
            assertThat(released).as(topic.name()).isNotEmpty();
            for (Schema schema : released) {
                Answer answer = registry.register("evolving-" + topic.name(), schema);
                assertThat(answer.status())
                        .as("%s: %s", topic.name(), answer.body())
                        .isEqualTo(200);
            }
        }
    }

    @Test
    void shouldRefuseAnIncompatibleSchemaAsOurOwnTestDoes() throws Exception {
        Schema today = RunState.getClassSchema();
        List<Schema.Field> fields = new ArrayList<>();
        today.getFields().forEach(field -> {
            if (!field.name().equals("lastStep")) {
                fields.add(new Schema.Field(field, field.schema()));
            }
        });
        Schema incompatible = Schema.createRecord(today.getName(), today.getDoc(), today.getNamespace(), false, fields);
        registry.register("broken", today);

        assertThat(registry.register("broken", incompatible).status()).isEqualTo(409);
        assertThat(SchemaCompatibility.checkReaderWriterCompatibility(today, incompatible)
                        .getType())
                .isEqualTo(SchemaCompatibilityType.INCOMPATIBLE);
    }

    @Test
    void shouldSayThatTheRegistryRefusedTheSchema() throws Exception {
        Topic<RunState> topic = new Topic<>("taken", RunState.class, 1, true, Topics.RUNS.retention());
        registry.register("taken-value", Topics.DECISIONS.schema());

        assertThatThrownBy(() -> serde(topic).serializer().serialize("taken", Samples.runState()))
                .isInstanceOf(SerializationException.class)
                .hasMessageContainingAll("topic taken", "409");
    }

    /** No code of ours names its classes. */
    @Test
    void shouldExchangeRecordsWithASerializerThatOnlyTheConfigurationNames() {
        assumeTrue(isPresent(APICURIO + "Serializer"), "Maven's profile registry brings Apicurio's serializer");
        for (SpecificRecord sample : Samples.all()) {
            Topic<?> topic = topicOf(sample);
            Serde<SpecificRecord> theirs = serde(topic, apicurio(registry));
            byte[] bytes = theirs.serializer().serialize(topic.name(), sample);

            assertThat(serde(topic).deserializer().deserialize(topic.name(), bytes))
                    .hasToString(sample.toString());
            assertThat(theirs.deserializer().deserialize(topic.name(), write(topic, sample)))
                    .hasToString(sample.toString());
        }
    }

    /** The settings that name Apicurio's classes and have them write Confluent's wire format. */
    static Map<String, String> apicurio(RegistryServer registry) {
        return Map.of(
                RecordSerdes.SERIALIZER,
                APICURIO + "Serializer",
                RecordSerdes.DESERIALIZER,
                APICURIO + "Deserializer",
                "apicurio.registry.url",
                registry.ownUrl(),
                "apicurio.registry.headers.enabled",
                "false",
                "apicurio.registry.id-handler",
                "io.apicurio.registry.serde.Default4ByteIdHandler",
                "apicurio.registry.artifact-resolver-strategy",
                "io.apicurio.registry.serde.strategy.TopicIdStrategy",
                "apicurio.registry.auto-register",
                "true",
                "apicurio.registry.use-specific-avro-reader",
                "true");
    }

    private static boolean isPresent(String name) {
        try {
            Class.forName(name);
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static byte[] write(Topic<?> topic, SpecificRecord sample) {
        return serde(topic).serializer().serialize(topic.name(), sample);
    }

    private static Serde<SpecificRecord> serde(Topic<?> topic) {
        return serde(topic, Map.of(RecordSerdes.REGISTRY_URL, registry.url()));
    }

    @SuppressWarnings("unchecked") // the sample is of the topic's class
    private static Serde<SpecificRecord> serde(Topic<?> topic, Map<String, String> settings) {
        return (Serde<SpecificRecord>) RecordSerdes.of(topic, settings);
    }

    private static Topic<?> topicOf(SpecificRecord sample) {
        return Topics.all().stream()
                .filter(topic -> topic.type() == sample.getClass())
                .findFirst()
                .orElseThrow();
    }

    private static List<Schema> released(Topic<?> topic) throws IOException {
        List<Schema> released = new ArrayList<>();
        for (int version = 1; version < 10; version++) {
            String path = "/released/v" + version + "/" + topic.type().getSimpleName() + ".avsc";
            try (InputStream text = Topics.class.getResourceAsStream(path)) {
                if (text != null) {
                    released.add(new Schema.Parser().parse(text));
                }
            }
        }
        return released;
    }
}
