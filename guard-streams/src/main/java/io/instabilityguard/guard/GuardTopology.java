package io.instabilityguard.guard;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.anomaly.RunEvent.CommandAnswered;
import io.instabilityguard.guard.deadletter.ScreeningProcessor;
import io.instabilityguard.guard.intervention.DecisionProcessor;
import io.instabilityguard.guard.intervention.Sinks;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.telemetry.TelemetryValidation;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.SigningKey;
import io.instabilityguard.schemas.signature.SigningSerializer;
import java.util.Map;
import java.util.function.Function;
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
 * The guard, as the list of its stages. Every record's key is the run id, so that one run is one partition and totally ordered; the topics of telemetry and
 * outcomes must have equally many partitions.
 *
 * <pre>
 * telemetry -> screen-telemetry -> detect-anomalies -> decide-interventions -> anomalies, decisions, commands, runs
 * outcomes  -> screen-outcomes  -> receive-outcomes ---^
 *              absurd records -> dead-letters
 * </pre>
 */
public final class GuardTopology {

    private static final String READ_TELEMETRY = "read-telemetry";
    private static final String READ_OUTCOMES = "read-outcomes";
    private static final String SCREEN_TELEMETRY = "screen-telemetry";
    private static final String SCREEN_OUTCOMES = "screen-outcomes";
    private static final String RECEIVE_OUTCOMES = "receive-outcomes";
    private static final String DETECT = "detect-anomalies";
    private static final String DECIDE = "decide-interventions";
    private static final String DEAD_LETTERS = "publish-dead-letters";
    private static final Sinks SINKS =
            new Sinks("publish-anomalies", "publish-decisions", "publish-commands", "publish-runs");

    private final Policy policy;
    private final RecordSerdes serdes;
    private final @Nullable SigningKey signer;
    private final Topology topology = new Topology();

    private GuardTopology(Policy policy, Map<String, ?> config, @Nullable SigningKey signer) {
        this.policy = policy;
        this.serdes = RecordSerdes.of(config);
        this.signer = signer;
    }

    /**
     * Builds the topology.
     *
     * @param policy what is looked for and done
     * @param config configuration of the serdes: see {@link RecordSerdes}
     * @param signer signs commands and decisions; null leaves them unsigned
     */
    public static Topology build(Policy policy, Map<String, ?> config, @Nullable SigningKey signer) {
        GuardTopology stages = new GuardTopology(policy, config, signer);
        stages.readAndScreen();
        stages.detectAndDecide();
        stages.publish();
        return stages.topology;
    }

    private void readAndScreen() {
        read(READ_TELEMETRY, Topics.TELEMETRY);
        read(READ_OUTCOMES, Topics.OUTCOMES);
        topology.addProcessor(SCREEN_TELEMETRY, this::telemetryScreen, READ_TELEMETRY);
        topology.addProcessor(SCREEN_OUTCOMES, this::outcomeScreen, READ_OUTCOMES);
    }

    private void detectAndDecide() {
        topology.addProcessor(DETECT, () -> new DetectionProcessor(policy), SCREEN_TELEMETRY);
        topology.addProcessor(RECEIVE_OUTCOMES, OutcomeProcessor::new, SCREEN_OUTCOMES);
        topology.addProcessor(DECIDE, () -> new DecisionProcessor(policy, SINKS), DETECT, RECEIVE_OUTCOMES);
        topology.addStateStore(store(DetectionProcessor.SNAPSHOT_STORE, Serdes.ByteArray()), DETECT);
        topology.addStateStore(store(DetectionProcessor.SLOT_STORE, inStore(Topics.TELEMETRY)), DETECT);
        topology.addStateStore(store(DecisionProcessor.STORE, Serdes.ByteArray()), DECIDE);
    }

    private void publish() {
        publish(SINKS.anomalies(), Topics.ANOMALIES, DECIDE);
        publishSigned(SINKS.decisions(), Topics.DECISIONS, Decision::getRun);
        publishSigned(SINKS.commands(), Topics.COMMANDS, InterventionCommand::getRun);
        publish(SINKS.runs(), Topics.RUNS, DECIDE);
        publish(DEAD_LETTERS, Topics.DEAD_LETTERS, SCREEN_TELEMETRY, SCREEN_OUTCOMES);
    }

    private <V extends SpecificRecord> void read(String node, Topic<V> topic) {
        Deserializer<V> values = serdes.serde(topic).deserializer();
        topology.addSource(node, new StringDeserializer(), values, topic.name());
    }

    private <V extends SpecificRecord> void publish(String node, Topic<V> topic, String... parents) {
        publish(node, topic, serdes.serde(topic).serializer(), parents);
    }

    private <V extends SpecificRecord> void publishSigned(String node, Topic<V> topic, Function<V, String> runOf) {
        Serializer<V> plain = serdes.serde(topic).serializer();
        publish(node, topic, signer == null ? plain : new SigningSerializer<>(plain, runOf, signer), DECIDE);
    }

    private void publish(String node, Topic<?> topic, Serializer<?> values, String... parents) {
        topology.addSink(node, topic.name(), new StringSerializer(), values, parents);
    }

    private ScreeningProcessor<StepTelemetry> telemetryScreen() {
        Serializer<StepTelemetry> serializer = serdes.serde(Topics.TELEMETRY).serializer();
        return new ScreeningProcessor<>(TelemetryValidation::problemOf, serializer, DETECT, DEAD_LETTERS);
    }

    private ScreeningProcessor<InterventionOutcome> outcomeScreen() {
        Serializer<InterventionOutcome> serializer =
                serdes.serde(Topics.OUTCOMES).serializer();
        return new ScreeningProcessor<>(TelemetryValidation::problemOf, serializer, RECEIVE_OUTCOMES, DEAD_LETTERS);
    }

    /** Stores are the guard's own: they need no registry, whatever the topics use. */
    private static <V extends SpecificRecord> Serde<V> inStore(Topic<V> topic) {
        return RecordSerdes.of(Map.of()).serde(topic);
    }

    private static <V> StoreBuilder<KeyValueStore<String, V>> store(String name, Serde<V> values) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), values);
    }

    /** Turns outcomes into events of their run. */
    private static final class OutcomeProcessor
            extends ContextualProcessor<String, InterventionOutcome, String, CommandAnswered> {

        @Override
        public void process(Record<String, InterventionOutcome> record) {
            context().forward(record.withValue(new CommandAnswered(record.value())));
        }
    }
}
