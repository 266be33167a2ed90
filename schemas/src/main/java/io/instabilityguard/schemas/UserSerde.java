package io.instabilityguard.schemas;

import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** Serializer and deserializer classes that the user named in the configuration. */
final class UserSerde {
    private UserSerde() {}

    /** Loads and configures both; errors: {@link ConfigException} that names the key and the class. */
    static <V extends SpecificRecord> Serde<V> load(
            Topic<V> topic, String serializerClass, String deserializerClass, Map<String, ?> config) {
        Serializer<V> serializer = serializer(serializerClass);
        Deserializer<?> deserializer = create(RecordSerdes.DESERIALIZER, deserializerClass, Deserializer.class);
        serializer.configure(config, false);
        deserializer.configure(config, false);
        return Serdes.serdeFrom(serializer, new Checked<>(topic.type(), deserializer));
    }

    @SuppressWarnings("unchecked") // what the class accepts shows only when it is called
    private static <V> Serializer<V> serializer(String className) {
        return create(RecordSerdes.SERIALIZER, className, Serializer.class);
    }

    private static <T> T create(String key, String className, Class<T> kind) {
        try {
            ClassLoader loader = Thread.currentThread().getContextClassLoader();
            return Class.forName(className, true, loader)
                    .asSubclass(kind)
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException | ClassCastException | LinkageError e) {
            throw new ConfigException(
                    key, className, "not a " + kind.getSimpleName() + " with a public empty constructor: " + e);
        }
    }

    /** Refuses values of another class here, where it can be explained, instead of deep in the topology. */
    private record Checked<V>(Class<V> type, Deserializer<?> deserializer) implements Deserializer<V> {
        @Override
        public @Nullable V deserialize(String topic, byte @Nullable [] bytes) {
            return checked(topic, deserializer.deserialize(topic, bytes));
        }

        @Override
        public @Nullable V deserialize(String topic, Headers headers, byte @Nullable [] bytes) {
            return checked(topic, deserializer.deserialize(topic, headers, bytes));
        }

        @Override
        public void close() {
            deserializer.close();
        }

        private @Nullable V checked(String topic, @Nullable Object value) {
            if (value == null || type.isInstance(value)) {
                return type.cast(value);
            }
            throw new SerializationException("topic %s: %s returned a %s instead of a %s; set it to specific records"
                    .formatted(
                            topic,
                            deserializer.getClass().getName(),
                            value.getClass().getName(),
                            type.getName()));
        }
    }
}
