package io.instabilityguard.schemas;

import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Makes the serdes of the topics from configuration. The first of these that is configured decides:
 *
 * <ol>
 *   <li>{@value #SERIALIZER} and {@value #DESERIALIZER}: a user's own classes, configured with the whole map;
 *   <li>{@value #REGISTRY_URL}: Confluent's wire format with ids of that registry;
 *   <li>neither: Avro's single-object encoding, which needs no registry.
 * </ol>
 *
 * <p>All serdes of one instance share one connection to the registry. Nothing is asked of it before the first record. Errors:
 * {@link ConfigException} that names the key.
 */
public final class RecordSerdes {
    /** Class name of a user's {@link Serializer}; only together with {@value #DESERIALIZER}. */
    public static final String SERIALIZER = "guard.value.serializer";

    /** Class name of a user's {@link Deserializer}; it must return the generated classes, not generic records. */
    public static final String DESERIALIZER = "guard.value.deserializer";

    /** Address of a registry with Confluent's REST API. */
    public static final String REGISTRY_URL = "schema.registry.url";

    /** Longest wait for the registry, milliseconds; 5000 when absent. */
    public static final String REGISTRY_TIMEOUT_MS = "schema.registry.timeout.ms";

    /** {@code user:password} for the registry. */
    public static final String REGISTRY_CREDENTIALS = "schema.registry.basic.auth.user.info";

    /** Whether unknown schemas are registered on write (true when absent) or refused. */
    public static final String REGISTRY_REGISTERS = "auto.register.schemas";

    private final Map<String, ?> config;
    private final Optional<SchemaRegistry> registry;

    private RecordSerdes(Map<String, ?> config) {
        this.config = config;
        this.registry = RegistryConfig.from(config).map(SchemaRegistry::new);
    }

    /** Serdes as configured; other keys are left to the user's own classes. */
    public static RecordSerdes of(Map<String, ?> config) {
        return new RecordSerdes(config);
    }

    /** The serde of one topic, when no other is needed. */
    public static <V extends SpecificRecord> Serde<V> of(Topic<V> topic, Map<String, ?> config) {
        return of(config).serde(topic);
    }

    /** The serde of {@code topic}. */
    public <V extends SpecificRecord> Serde<V> serde(Topic<V> topic) {
        Optional<String> serializer = RegistryConfig.text(config, SERIALIZER);
        Optional<String> deserializer = RegistryConfig.text(config, DESERIALIZER);
        if (serializer.isPresent() != deserializer.isPresent()) {
            throw new ConfigException("set both " + SERIALIZER + " and " + DESERIALIZER + " or neither");
        }
        return serializer.isPresent()
                ? UserSerde.load(topic, serializer.get(), deserializer.orElseThrow(), config)
                : new RecordSerde<>(topic, framing(topic));
    }

    private Framing framing(Topic<?> topic) {
        return registry.<Framing>map(known -> new ConfluentFraming(topic, known))
                .orElseGet(() -> new SingleObjectFraming(topic.schema()));
    }
}
