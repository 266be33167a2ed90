package io.instabilityguard.guard;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.anomaly.RunEvent;
import io.instabilityguard.guard.anomaly.RunEvent.CommandAnswered;
import io.instabilityguard.guard.anomaly.RunEvent.LeaseClaimed;
import io.instabilityguard.guard.anomaly.RunEvent.OperatorAsked;
import io.instabilityguard.guard.deadletter.ScreeningProcessor;
import io.instabilityguard.guard.intervention.DecisionProcessor;
import io.instabilityguard.guard.intervention.Sinks;
import io.instabilityguard.guard.lease.LeaseValidation;
import io.instabilityguard.guard.operator.OperatorValidation;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.telemetry.TelemetryValidation;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LeaseClaim;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/**
 * The guard, as the list of its stages. Every record's key is the run id, so that one run is one partition and totally ordered; the topics of telemetry, outcomes,
 * operator actions and leases must have equally many partitions. Its own claims come back to it through the topic of leases, in the order that counts for all.
 *
 * <pre>
 * telemetry -> screen-telemetry -> detect-anomalies -> decide-interventions -> anomalies, decisions, commands, runs, leases
 * outcomes  -> screen-outcomes  -> receive-outcomes ---^
 * operator  -> screen-operator-actions -> receive-operator-actions ---^
 * leases    -> screen-leases    -> receive-leases -----^
 *              absurd records -> dead-letters
 * </pre>
 */
public final class GuardTopology {

    private static final String READ_TELEMETRY = "read-telemetry";
    private static final String READ_OUTCOMES = "read-outcomes";
    private static final String SCREEN_TELEMETRY = "screen-telemetry";
    private static final String SCREEN_OUTCOMES = "screen-outcomes";
    private static final String RECEIVE_OUTCOMES = "receive-outcomes";
    private static final String READ_OPERATOR = "read-operator-actions";
    private static final String READ_LEASES = "read-leases";
    private static final String SCREEN_OPERATOR = "screen-operator-actions";
    private static final String SCREEN_LEASES = "screen-leases";
    private static final String RECEIVE_OPERATOR = "receive-operator-actions";
    private static final String RECEIVE_LEASES = "receive-leases";
    private static final String DETECT = "detect-anomalies";
    private static final String DECIDE = "decide-interventions";
    private static final String DEAD_LETTERS = "publish-dead-letters";
    private static final Sinks SINKS =
            new Sinks("publish-anomalies", "publish-decisions", "publish-commands", "publish-runs", "publish-leases");

    private final Policy policy;
    private final RecordSerdes serdes;
    private final Topology topology = new Topology();

    private GuardTopology(Policy policy, Map<String, ?> config) {
        this.policy = policy;
        this.serdes = RecordSerdes.of(config);
    }

    /**
     * Builds the topology.
     *
     * @param policy what is looked for and done
     * @param config configuration of the serdes: see {@link RecordSerdes}
     */
    public static Topology build(Policy policy, Map<String, ?> config) {
        GuardTopology stages = new GuardTopology(policy, config);
        stages.readAndScreen();
        stages.detectAndDecide();
        stages.publish();
        return stages.topology;
    }

    private void readAndScreen() {
        read(READ_TELEMETRY, Topics.TELEMETRY);
        read(READ_OUTCOMES, Topics.OUTCOMES);
        read(READ_OPERATOR, Topics.OPERATOR);
        read(READ_LEASES, Topics.LEASES);
        screen(SCREEN_TELEMETRY, READ_TELEMETRY, Topics.TELEMETRY, TelemetryValidation::problemOf, DETECT);
        screen(SCREEN_OUTCOMES, READ_OUTCOMES, Topics.OUTCOMES, TelemetryValidation::problemOf, RECEIVE_OUTCOMES);
        screen(SCREEN_OPERATOR, READ_OPERATOR, Topics.OPERATOR, OperatorValidation::problemOf, RECEIVE_OPERATOR);
        screen(SCREEN_LEASES, READ_LEASES, Topics.LEASES, LeaseValidation::problemOf, RECEIVE_LEASES);
    }

    private void detectAndDecide() {
        topology.addProcessor(DETECT, () -> new DetectionProcessor(policy), SCREEN_TELEMETRY);
        receive(
                RECEIVE_OUTCOMES,
                SCREEN_OUTCOMES,
                (InterventionOutcome outcome, Long at) -> new CommandAnswered(outcome));
        receive(RECEIVE_OPERATOR, SCREEN_OPERATOR, (OperatorAction action, Long at) -> new OperatorAsked(action));
        receive(RECEIVE_LEASES, SCREEN_LEASES, (LeaseClaim claim, Long at) -> new LeaseClaimed(claim, at));
        topology.addProcessor(
                DECIDE,
                () -> new DecisionProcessor(policy, SINKS),
                DETECT,
                RECEIVE_OUTCOMES,
                RECEIVE_OPERATOR,
                RECEIVE_LEASES);
        topology.addStateStore(store(DetectionProcessor.SNAPSHOT_STORE, Serdes.ByteArray()), DETECT);
        topology.addStateStore(store(DetectionProcessor.SLOT_STORE, inStore(Topics.TELEMETRY)), DETECT);
        topology.addStateStore(store(DecisionProcessor.STORE, Serdes.ByteArray()), DECIDE);
        topology.addStateStore(store(DecisionProcessor.LEASE_STORE, Serdes.ByteArray()), DECIDE);
    }

    private void publish() {
        publish(SINKS.anomalies(), Topics.ANOMALIES, DECIDE);
        publish(SINKS.decisions(), Topics.DECISIONS, DECIDE);
        publish(SINKS.commands(), Topics.COMMANDS, DECIDE);
        publish(SINKS.runs(), Topics.RUNS, DECIDE);
        publish(SINKS.leases(), Topics.LEASES, DECIDE);
        publish(DEAD_LETTERS, Topics.DEAD_LETTERS, SCREEN_TELEMETRY, SCREEN_OUTCOMES, SCREEN_OPERATOR, SCREEN_LEASES);
    }

    private <V extends SpecificRecord> void read(String node, Topic<V> topic) {
        Deserializer<V> values = serdes.serde(topic).deserializer();
        topology.addSource(node, new StringDeserializer(), values, topic.name());
    }

    private <V extends SpecificRecord> void publish(String node, Topic<V> topic, String... parents) {
        Serializer<V> values = serdes.serde(topic).serializer();
        topology.addSink(node, topic.name(), new StringSerializer(), values, parents);
    }

    private <V extends SpecificRecord> void screen(
            String node,
            String source,
            Topic<V> topic,
            BiFunction<@Nullable String, V, Optional<String>> problemOf,
            String next) {
        topology.addProcessor(
                node,
                () -> new ScreeningProcessor<>(problemOf, serdes.serde(topic).serializer(), next, DEAD_LETTERS),
                source);
    }

    private <V> void receive(String node, String screen, BiFunction<V, Long, RunEvent> event) {
        topology.addProcessor(node, () -> new EventProcessor<>(event), screen);
    }

    /** Stores are the guard's own: they need no registry, whatever the topics use. */
    private static <V extends SpecificRecord> Serde<V> inStore(Topic<V> topic) {
        return RecordSerdes.of(Map.of()).serde(topic);
    }

    private static <V> StoreBuilder<KeyValueStore<String, V>> store(String name, Serde<V> values) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), values);
    }

    /** Turns records, and where they stand in their partition, into events of their run. */
    private static final class EventProcessor<V> extends ContextualProcessor<String, V, String, RunEvent> {

        private final BiFunction<V, Long, RunEvent> event;

        EventProcessor(BiFunction<V, Long, RunEvent> event) {
            this.event = event;
        }

        @Override
        public void process(Record<String, V> record) {
            long offset = context().recordMetadata().orElseThrow().offset();
            context().forward(record.withValue(event.apply(record.value(), offset)));
        }
    }
}
