package io.instabilityguard.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordSerdesTest {
    @Test
    void shouldUseTheUsersOwnClasses() {
        Serde<RunState> serde = RecordSerdes.of(
                Topics.RUNS, config(LastStepSerializer.class.getName(), LastStepDeserializer.class.getName()));

        byte[] bytes = serde.serializer().serialize("t", Samples.runState());

        assertThat(bytes).containsExactly('#', (byte) 1200);
        assertThat(serde.deserializer().deserialize("t", bytes).getLastStep()).isEqualTo((byte) 1200);
        assertThat(serde.deserializer().deserialize("t", null)).isNull();
    }

    @Test
    void shouldRefuseADeserializerOfSomethingElse() {
        Serde<RunState> serde = RecordSerdes.of(
                Topics.RUNS, config(LastStepSerializer.class.getName(), StringDeserializer.class.getName()));

        assertThatThrownBy(() -> serde.deserializer().deserialize("t", new byte[] {'x'}))
                .isInstanceOf(SerializationException.class)
                .hasMessageContainingAll("topic t", "StringDeserializer", "java.lang.String", "RunState");
    }

    @Test
    void shouldNameTheKeyAndTheClassThatCannotBeLoaded() {
        String known = LastStepSerializer.class.getName();

        assertThatThrownBy(() -> RecordSerdes.of(Topics.RUNS, config(known, "no.such.Thing")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll(RecordSerdes.DESERIALIZER, "no.such.Thing");
        assertThatThrownBy(() -> RecordSerdes.of(Topics.RUNS, config(String.class.getName(), known)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll(RecordSerdes.SERIALIZER, "java.lang.String", "not a Serializer");
        assertThatThrownBy(() -> RecordSerdes.of(Topics.RUNS, Map.of(RecordSerdes.SERIALIZER, known)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("both", RecordSerdes.SERIALIZER, RecordSerdes.DESERIALIZER);
    }

    @ParameterizedTest
    @CsvSource({
        "schema.registry.url, ftp://registry:1",
        "schema.registry.url, http://me:secret@registry:1",
        "schema.registry.url, registry:8081",
        "schema.registry.url, http://a b",
        "schema.registry.timeout.ms, 0",
        "schema.registry.timeout.ms, soon",
        "auto.register.schemas, perhaps"
    })
    void shouldNameTheKeyThatIsWrong(String key, String value) {
        Map<String, Object> config = new HashMap<>(Map.of(RecordSerdes.REGISTRY_URL, "http://registry:1"));
        config.put(key, value);

        assertThatThrownBy(() -> RecordSerdes.of(config))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key)
                .hasMessageNotContaining("secret");
    }

    private static Map<String, ?> config(String serializer, String deserializer) {
        return Map.of(
                RecordSerdes.SERIALIZER, serializer, RecordSerdes.DESERIALIZER, deserializer, "test.mark", (int) '#');
    }

    /** Writes the configured mark and the low byte of the last step. */
    public static final class LastStepSerializer implements Serializer<RunState> {
        private byte mark;

        @Override
        public void configure(Map<String, ?> config, boolean isKey) {
            mark = ((Integer) config.get("test.mark")).byteValue();
        }

        @Override
        public byte[] serialize(String topic, RunState state) {
            return new byte[] {mark, (byte) state.getLastStep()};
        }
    }

    /** Reads what {@link LastStepSerializer} wrote. */
    public static final class LastStepDeserializer implements Deserializer<RunState> {
        @Override
        public RunState deserialize(String topic, byte[] bytes) {
            return bytes == null
                    ? null
                    : RunState.newBuilder(Samples.runState())
                            .setLastStep(bytes[1])
                            .build();
        }
    }
}
