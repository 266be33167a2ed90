package io.instabilityguard.guard;

import io.instabilityguard.guard.deadletter.ScreeningProcessor;
import io.instabilityguard.guard.deadletter.VerifyingProcessor;
import io.instabilityguard.guard.policy.InForceProcessor;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.schemas.PolicyInForce;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.RecordVerification;
import java.util.Optional;
import java.util.function.BiFunction;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.StoreBuilder;
import org.jspecify.annotations.Nullable;

/** How records enter the topology: a source and a screen each, and before the screen of what operators write their signatures, where these are asked for. */
final class Intake {

    private final Topology topology;
    private final RecordSerdes serdes;
    private final RecordVerification operators;

    Intake(Topology topology, RecordSerdes serdes, RecordVerification operators) {
        this.topology = topology;
        this.serdes = serdes;
        this.operators = operators;
    }

    /** Names of nodes: the source, the screen, where sensible records go on and where the others end. */
    record Nodes(String source, String screen, String next, String deadLetters) {}

    /** Reads what trainers and sidecars write. */
    <V extends SpecificRecord> void read(
            Topic<V> topic, Nodes nodes, BiFunction<@Nullable String, @Nullable V, Optional<String>> problemOf) {
        Deserializer<V> values = serdes.serde(topic).deserializer();
        topology.addSource(nodes.source, new StringDeserializer(), values, topic.name());
        topology.addProcessor(nodes.screen, () -> screen(topic, nodes, problemOf), nodes.source);
    }

    /** Reads what operators write: what nobody trusted signed is refused before any of it is decoded. */
    <V extends SpecificRecord> void readSigned(
            Topic<V> topic, Nodes nodes, BiFunction<@Nullable String, @Nullable V, Optional<String>> problemOf) {
        if (!operators.isOn()) {
            read(topic, nodes, problemOf);
            return;
        }
        Deserializer<V> values = serdes.serde(topic).deserializer();
        topology.addSource(nodes.source, new StringDeserializer(), new ByteArrayDeserializer(), topic.name());
        topology.addProcessor(
                nodes.screen,
                () -> {
                    ScreeningProcessor<V> screen = screen(topic, nodes, problemOf);
                    return new VerifyingProcessor<>(operators, topic, values, screen, screen::refuse);
                },
                nodes.source);
    }

    /** Enters the policies in force into the book; here nothing can be published, so that what no guard signed is told in the log only. */
    void readInForce(String source, String enter, StoreBuilder<?> store, PolicyBook book) {
        Topic<PolicyInForce> topic = Topics.POLICIES_IN_FORCE;
        Deserializer<PolicyInForce> values = serdes.serde(topic).deserializer();
        if (!operators.isOn()) {
            topology.addGlobalStore(
                    store,
                    source,
                    new StringDeserializer(),
                    values,
                    topic.name(),
                    enter,
                    () -> new InForceProcessor(book));
            return;
        }
        topology.addGlobalStore(
                store, source, new StringDeserializer(), new ByteArrayDeserializer(), topic.name(), enter, () -> {
                    InForceProcessor inForce = new InForceProcessor(book);
                    return new VerifyingProcessor<>(operators, topic, values, inForce, inForce::refuse);
                });
    }

    private <V extends SpecificRecord> ScreeningProcessor<V> screen(
            Topic<V> topic, Nodes nodes, BiFunction<@Nullable String, @Nullable V, Optional<String>> problemOf) {
        return new ScreeningProcessor<>(problemOf, serdes.serde(topic).serializer(), nodes.next, nodes.deadLetters);
    }
}
