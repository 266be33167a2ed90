package io.instabilityguard.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaRegistryTest {
    private static final String TOPIC = "some-changelog";
    private static final String NAMESPACE = "io.instabilityguard.schemas.";

    private FakeSchemaRegistry registry;
    private Serde<RunState> serde;

    @BeforeEach
    void start() throws IOException {
        registry = FakeSchemaRegistry.start();
        serde = serde(Map.of());
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void shouldWriteTheWireFormatWithTheIdOfTheTopicsSubject() {
        registry.register("another", "\"string\"");

        byte[] bytes = write();

        assertThat(Arrays.copyOf(bytes, 5)).containsExactly(0, 0, 0, 0, 2);
        assertThat(registry.subjects()).containsExactly("another", "guard.runs.v1-value");
        assertThat(read(bytes)).isEqualTo(Samples.runState());
    }

    @Test
    void shouldAskForEachSchemaOnce() {
        byte[] bytes = write();
        write();
        read(bytes);
        read(bytes);

        assertThat(registry.requests())
                .containsExactly("POST /subjects/guard.runs.v1-value/versions", "GET /schemas/ids/1");
    }

    @Test
    void shouldReadANewerWritersRecords() throws Exception {
        int id = registry.register("guard.runs.v1-value", Evolution.newer().toString());

        RunState read = read(framed(id, Evolution.stalledRun()));

        assertThat(read.getHealth()).isEqualTo(Health.UNKNOWN);
        assertThat(read.getRun()).isEqualTo(Samples.runState().getRun());
    }

    /** As Apicurio's serializer registers schemas: every named type under a subject of its own. */
    @Test
    void shouldPutASchemaTogetherFromThoseThatItRefersTo() throws Exception {
        Schema whole = Topics.RUNS.schema();
        String health = declaredIn(whole, "health");
        String mode = declaredIn(whole, "mode");
        registry.register(NAMESPACE + "Health", health.replace("{", "{\"namespace\":\"io.instabilityguard.schemas\","));
        registry.register(
                NAMESPACE + "Mode",
                mode.replace("{", "{\"namespace\":\"io.instabilityguard.schemas\","),
                NAMESPACE + "Health");
        String split = whole.toString().replace(health, "\"Health\"").replace(mode, "\"Mode\"");
        assertThat(split).hasSizeLessThan(whole.toString().length());
        int id = registry.register("guard.runs.v1-value", split, NAMESPACE + "Mode", NAMESPACE + "Health");

        byte[] bytes = write();
        assertThat(read(framed(id, Arrays.copyOfRange(bytes, 5, bytes.length)))).isEqualTo(Samples.runState());
        assertThat(registry.requests())
                .filteredOn(asked -> asked.contains("Health"))
                .hasSize(1);
    }

    @Test
    void shouldRefuseASchemaThatRefersToItself() throws Exception {
        int id = registry.register("circle", "\"string\"", "circle");

        assertThatThrownBy(() -> read(framed(id, new byte[] {0})))
                .isInstanceOf(SerializationException.class)
                .hasMessageContaining("string");
    }

    @Test
    void shouldOnlyLookUpWhenItMayNotRegister() {
        Serde<RunState> lookUp = serde(Map.of(RecordSerdes.REGISTRY_REGISTERS, "false"));

        assertThatThrownBy(() -> lookUp.serializer().serialize(TOPIC, Samples.runState()))
                .isExactlyInstanceOf(SerializationException.class)
                .hasMessageContainingAll("guard.runs.v1-value", "status 404", "Schema not found");
        registry.register("guard.runs.v1-value", Topics.RUNS.schema().toString());
        assertThat(lookUp.serializer().serialize(TOPIC, Samples.runState())).startsWith(0, 0, 0, 0, 1);
    }

    @Test
    void shouldSendTheCredentials() {
        serde(Map.of(RecordSerdes.REGISTRY_CREDENTIALS, "me:secret"))
                .serializer()
                .serialize(TOPIC, Samples.runState());

        assertThat(registry.authorizations()).containsExactly("Basic bWU6c2VjcmV0");
    }

    @Test
    void shouldRefuseAnUnknownIdAndAnotherFormat() {
        assertThatThrownBy(() -> read(framed(99, new byte[3])))
                .isExactlyInstanceOf(SerializationException.class)
                .hasMessageContainingAll(TOPIC, registry.url() + "/schemas/ids/99", "status 404");
        assertThatThrownBy(() -> read(GoldenFiles.encode(Samples.runState())))
                .isExactlyInstanceOf(SerializationException.class)
                .hasMessageContaining("does not begin with 00");
        assertThatThrownBy(() -> read(new byte[] {0, 0}))
                .isExactlyInstanceOf(SerializationException.class)
                .hasMessageContaining("shorter than the header of 5 bytes");
    }

    @Test
    void shouldRefuseASchemaThatIsNotAvroOrNotThisRecord() {
        int protobuf = registry.register("x", "syntax = \"proto3\";");
        int other = registry.register("x", Topics.ANOMALIES.schema().toString());
        int broken = registry.register("x", Evolution.incompatible().toString());

        assertUnreadable(protobuf, "not an Avro schema");
        assertUnreadable(other, "it holds a io.instabilityguard.schemas.Anomaly");
        assertUnreadable(broken, "lastStep");
    }

    @ParameterizedTest
    @ValueSource(ints = {409, 422})
    void shouldSayWhyTheRegistryRefused(int status) {
        registry.answerAlways(status, "{\"message\":\"incompatible\"}");

        assertThatThrownBy(this::write)
                .isExactlyInstanceOf(SerializationException.class)
                .hasMessageContainingAll(
                        "cannot write this RunState", registry.url(), "status " + status, "incompatible");
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 429, 500, 503})
    void shouldNotBlameTheRecordForTheRegistry(int status) {
        byte[] good = write();
        Serde<RunState> fresh = serde(Map.of());
        registry.answerAlways(status, "x".repeat(100_000));

        assertThatThrownBy(() -> fresh.deserializer().deserialize(TOPIC, good))
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContainingAll(registry.url(), "status " + status)
                .message()
                .hasSizeLessThan(1000);
        registry.recover();
        assertThat(fresh.deserializer().deserialize(TOPIC, good)).isEqualTo(Samples.runState());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "<html>", "{}", "{\"id\":\"seven\"}", "null"})
    void shouldNotBelieveAnAnswerWithoutAnId(String body) {
        registry.answerAlways(200, body);

        assertThatThrownBy(this::write)
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContaining(registry.url());
    }

    @Test
    void shouldSayThatNobodyListens() {
        registry.close();

        assertThatThrownBy(this::write)
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContainingAll(registry.url(), "no answer");
    }

    @Test
    void shouldNotWaitForeverForASilentRegistry() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Serde<RunState> waiting = RecordSerdes.of(
                    Topics.RUNS,
                    Map.of(
                            RecordSerdes.REGISTRY_URL,
                            "http://127.0.0.1:" + silent.getLocalPort(),
                            RecordSerdes.REGISTRY_TIMEOUT_MS,
                            50));

            assertThatThrownBy(() -> waiting.serializer().serialize(TOPIC, Samples.runState()))
                    .isInstanceOf(RegistryUnavailableException.class)
                    .hasMessageContaining("timed out");
        }
    }

    @Test
    void shouldShareOneRegistryAmongAllTopics() {
        RecordSerdes serdes = RecordSerdes.of(Map.of(RecordSerdes.REGISTRY_URL, registry.url() + "/"));
        serdes.serde(Topics.RUNS).serializer().serialize(TOPIC, Samples.runState());
        serdes.serde(Topics.ANOMALIES).serializer().serialize(TOPIC, Samples.anomaly());

        assertThat(registry.subjects()).isEqualTo(List.of("guard.runs.v1-value", "guard.anomalies.v1-value"));
    }

    private void assertUnreadable(int id, String why) {
        assertThatThrownBy(() -> read(framed(id, new byte[40])))
                .isExactlyInstanceOf(SerializationException.class)
                .hasMessageContaining(why);
    }

    private Serde<RunState> serde(Map<String, ?> more) {
        Map<String, Object> config = new HashMap<>(more);
        config.put(RecordSerdes.REGISTRY_URL, registry.url());
        return RecordSerdes.of(Topics.RUNS, config);
    }

    private byte[] write() {
        return serde.serializer().serialize(TOPIC, Samples.runState());
    }

    private RunState read(byte[] bytes) {
        return serde.deserializer().deserialize(TOPIC, bytes);
    }

    private static byte[] framed(int id, byte[] body) {
        return ByteBuffer.allocate(5 + body.length)
                .put((byte) 0)
                .putInt(id)
                .put(body)
                .array();
    }

    /** The type of a field as the text of the whole schema declares it. */
    private static String declaredIn(Schema whole, String field) throws IOException {
        for (JsonNode each : new ObjectMapper().readTree(whole.toString()).path("fields")) {
            if (each.path("name").asText().equals(field)) {
                return each.path("type").toString();
            }
        }
        throw new IllegalArgumentException(field);
    }
}
