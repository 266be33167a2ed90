package io.instabilityguard.guard;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.anomaly.RunEvent.CommandAnswered;
import io.instabilityguard.guard.deadletter.ScreeningProcessor;
import io.instabilityguard.guard.intervention.DecisionProcessor;
import io.instabilityguard.guard.intervention.Sinks;
import io.instabilityguard.guard.policy.AdmissionProcessor;
import io.instabilityguard.guard.policy.InForceProcessor;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.telemetry.TelemetryValidation;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.PolicyRevision;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The guard, as the list of its stages. Every record's key is the run id, so that one run is one partition and totally ordered; the topics of telemetry and
 * outcomes must have equally many partitions. Policies are checked once, by one task, and those in force are read by every process.
 *
 * <pre>
 * telemetry -> screen-telemetry -> detect-anomalies -> decide-interventions -> anomalies, decisions, commands, runs
 * outcomes  -> screen-outcomes  -> receive-outcomes ---^
 *              absurd records -> dead-letters
 *
 * policies  -> screen-policies -> admit-policies -> policies-in-force -> enter-policies (all processes)
 *              bad policies -> dead-letters
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
    private static final String READ_POLICIES = "read-policies";
    private static final String SCREEN_POLICIES = "screen-policies";
    private static final String ADMIT_POLICIES = "admit-policies";
    private static final String REFUSED_POLICIES = "publish-refused-policies";
    private static final String READ_POLICIES_IN_FORCE = "read-policies-in-force";
    private static final String ENTER_POLICIES = "enter-policies";
    private static final Logger LOG = LoggerFactory.getLogger(GuardTopology.class);
    private static final Sinks SINKS =
            new Sinks("publish-anomalies", "publish-decisions", "publish-commands", "publish-runs");

    /** Kafka's own default. */
    private static final int DEFAULT_REQUEST_BYTES = 1 << 20;

    /** Room for a key, headers and the batch around one record. */
    private static final int OVERHEAD_BYTES = 4 << 10;

    private final PolicyBook policies;
    private final RecordSerdes serdes;
    private final int mostBytes;
    private final Topology topology = new Topology();

    private GuardTopology(PolicyBook policies, Map<String, ?> config) {
        this.policies = policies;
        this.serdes = RecordSerdes.of(config);
        this.mostBytes = mostBytes(config);
    }

    /**
     * Builds the topology.
     *
     * @param policies what is looked for and done; the policies in force are entered into it
     * @param config configuration of the serdes, see {@link RecordSerdes}, and of the producer
     */
    public static Topology build(PolicyBook policies, Map<String, ?> config) {
        GuardTopology stages = new GuardTopology(policies, config);
        stages.readAndScreen();
        stages.detectAndDecide();
        stages.admitPolicies();
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
        topology.addProcessor(DETECT, () -> new DetectionProcessor(policies), SCREEN_TELEMETRY);
        topology.addProcessor(RECEIVE_OUTCOMES, OutcomeProcessor::new, SCREEN_OUTCOMES);
        topology.addProcessor(DECIDE, () -> new DecisionProcessor(policies, SINKS), DETECT, RECEIVE_OUTCOMES);
        topology.addStateStore(store(DetectionProcessor.SNAPSHOT_STORE, Serdes.ByteArray()), DETECT);
        topology.addStateStore(store(DetectionProcessor.SLOT_STORE, inStore(Topics.TELEMETRY)), DETECT);
        topology.addStateStore(store(DetectionProcessor.POLICY_STORE, Serdes.String()), DETECT);
        topology.addStateStore(store(DecisionProcessor.STORE, Serdes.ByteArray()), DECIDE);
    }

    /** A part of its own, with dead letters of its own: joined to the other it would have to have as many partitions. */
    private void admitPolicies() {
        read(READ_POLICIES, Topics.POLICIES);
        topology.addProcessor(SCREEN_POLICIES, this::policyScreen, READ_POLICIES);
        topology.addProcessor(ADMIT_POLICIES, () -> new AdmissionProcessor(policies), SCREEN_POLICIES);
        publish("publish-policies-in-force", Topics.POLICIES_IN_FORCE, ADMIT_POLICIES);
        publish(REFUSED_POLICIES, Topics.DEAD_LETTERS, SCREEN_POLICIES);
        topology.addGlobalStore(
                Stores.keyValueStoreBuilder(
                                Stores.inMemoryKeyValueStore(InForceProcessor.STORE),
                                Serdes.String(),
                                inStore(Topics.POLICIES_IN_FORCE))
                        .withLoggingDisabled(),
                READ_POLICIES_IN_FORCE,
                new StringDeserializer(),
                serdes.serde(Topics.POLICIES_IN_FORCE).deserializer(),
                Topics.POLICIES_IN_FORCE.name(),
                ENTER_POLICIES,
                () -> new InForceProcessor(policies));
    }

    private void publish() {
        publish(SINKS.anomalies(), Topics.ANOMALIES, DECIDE);
        publish(SINKS.decisions(), Topics.DECISIONS, DECIDE);
        publish(SINKS.commands(), Topics.COMMANDS, DECIDE);
        publish(SINKS.runs(), Topics.RUNS, DECIDE);
        publish(DEAD_LETTERS, Topics.DEAD_LETTERS, SCREEN_TELEMETRY, SCREEN_OUTCOMES);
    }

    private <V extends SpecificRecord> void read(String node, Topic<V> topic) {
        Deserializer<V> values = serdes.serde(topic).deserializer();
        topology.addSource(node, new StringDeserializer(), values, topic.name());
    }

    private <V extends SpecificRecord> void publish(String node, Topic<V> topic, String... parents) {
        Serializer<V> values = bounded(serdes.serde(topic).serializer());
        topology.addSink(node, topic.name(), new StringSerializer(), values, parents);
    }

    private ScreeningProcessor<StepTelemetry> telemetryScreen() {
        Serializer<StepTelemetry> serializer = serdes.serde(Topics.TELEMETRY).serializer();
        return new ScreeningProcessor<>(
                ScreeningProcessor.required(TelemetryValidation::problemOf), serializer, DETECT, DEAD_LETTERS);
    }

    private ScreeningProcessor<InterventionOutcome> outcomeScreen() {
        Serializer<InterventionOutcome> serializer =
                serdes.serde(Topics.OUTCOMES).serializer();
        return new ScreeningProcessor<>(
                ScreeningProcessor.required(TelemetryValidation::problemOf),
                serializer,
                RECEIVE_OUTCOMES,
                DEAD_LETTERS);
    }

    private ScreeningProcessor<PolicyRevision> policyScreen() {
        Serializer<PolicyRevision> serializer = serdes.serde(Topics.POLICIES).serializer();
        return new ScreeningProcessor<>(this::problemOf, serializer, ADMIT_POLICIES, REFUSED_POLICIES);
    }

    private Optional<String> problemOf(@Nullable String key, @Nullable PolicyRevision revision) {
        Optional<String> problem = policies.problemOf(key, revision);
        problem.ifPresent(
                line -> LOG.warn("the policy for runs {} is refused, the last good one stays in force: {}", key, line));
        return problem;
    }

    private static int mostBytes(Map<String, ?> config) {
        Object configured = config.get(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG));
        return (configured == null ? DEFAULT_REQUEST_BYTES : Integer.parseInt(configured.toString())) - OVERHEAD_BYTES;
    }

    private <V> Serializer<V> bounded(Serializer<V> serializer) {
        return new BoundedSerializer<>(serializer, mostBytes);
    }

    /** Stores are the guard's own: they need no registry, whatever the topics use. */
    private static <V extends SpecificRecord> Serde<V> inStore(Topic<V> topic) {
        return RecordSerdes.of(Map.of()).serde(topic);
    }

    private <V> StoreBuilder<KeyValueStore<String, V>> store(String name, Serde<V> values) {
        Serde<V> bounded = Serdes.serdeFrom(bounded(values.serializer()), values.deserializer());
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), bounded);
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
