package io.instabilityguard.guard;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.anomaly.RunEvent;
import io.instabilityguard.guard.anomaly.RunEvent.CommandAnswered;
import io.instabilityguard.guard.anomaly.RunEvent.LeaseClaimed;
import io.instabilityguard.guard.anomaly.RunEvent.OperatorAsked;
import io.instabilityguard.guard.deadletter.ScreeningProcessor;
import io.instabilityguard.guard.intervention.DecisionProcessor;
import io.instabilityguard.guard.intervention.ShadowProcessor;
import io.instabilityguard.guard.intervention.Sinks;
import io.instabilityguard.guard.lease.LeaseValidation;
import io.instabilityguard.guard.operator.OperatorValidation;
import io.instabilityguard.guard.policy.AdmissionProcessor;
import io.instabilityguard.guard.policy.InForceProcessor;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.telemetry.TelemetryValidation;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LeaseClaim;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.PolicyInForce;
import io.instabilityguard.schemas.PolicyRevision;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.RecordVerification;
import io.instabilityguard.schemas.signature.SigningKey;
import io.instabilityguard.schemas.signature.SigningSerializer;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The guard, as the list of its stages. Every record's key is the run id, so that one run is one partition and totally ordered; the topics of telemetry, outcomes,
 * operator actions and leases must have equally many partitions. Its own claims come back to it through the topic of leases, in the order that counts for all.
 * Policies are checked once, by one task, and those in force are read by every process.
 *
 * <pre>
 * telemetry -> screen-telemetry -> detect-anomalies -> decide-interventions -> anomalies, decisions, commands, runs, leases
 *                                                  \--------^--> try-shadow-policies -> shadow (only of runs with a shadow policy)
 * outcomes  -> screen-outcomes  -> receive-outcomes ---^
 * operator  -> screen-operator-actions -> receive-operator-actions ---^
 * leases    -> screen-leases    -> receive-leases -----^
 *              absurd records, and what operators did not sign -> dead-letters
 *
 * policies  -> screen-policies -> admit-policies -> policies-in-force -> enter-policies (all processes)
 *              bad and forged policies -> dead-letters
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
    private static final String READ_POLICIES = "read-policies";
    private static final String SCREEN_POLICIES = "screen-policies";
    private static final String ADMIT_POLICIES = "admit-policies";
    private static final String REFUSED_POLICIES = "publish-refused-policies";
    private static final String SIGN_IN_FORCE = "sign-policies-in-force";
    private static final String PUBLISH_IN_FORCE = "publish-policies-in-force";
    private static final String READ_POLICIES_IN_FORCE = "read-policies-in-force";
    private static final String ENTER_POLICIES = "enter-policies";
    private static final Logger LOG = LoggerFactory.getLogger(GuardTopology.class);
    private static final Sinks SINKS = new Sinks(
            "publish-anomalies",
            "publish-decisions",
            "publish-commands",
            "publish-runs",
            "publish-leases",
            "try-shadow-policies");

    /** Kafka's own default. */
    private static final int DEFAULT_REQUEST_BYTES = 1 << 20;

    /** Room for a key, headers and the batch around one record. */
    private static final int OVERHEAD_BYTES = 4 << 10;

    private final PolicyBook policies;
    private final RecordSerdes serdes;
    private final @Nullable SigningKey signer;
    private final int mostBytes;
    private final boolean durable;
    private final Topology topology = new Topology();
    private final Intake intake;

    private GuardTopology(
            PolicyBook policies,
            Map<String, ?> config,
            @Nullable SigningKey signer,
            RecordVerification operators,
            boolean durable) {
        this.policies = policies;
        this.durable = durable;
        this.serdes = RecordSerdes.of(config);
        this.signer = signer;
        this.mostBytes = mostBytes(config);
        this.intake = new Intake(topology, serdes, operators);
    }

    /**
     * Builds the topology.
     *
     * @param policies what is looked for and done; the policies in force are entered into it
     * @param config configuration of the serdes, see {@link RecordSerdes}, and of the producer
     * @param signer signs commands, decisions, claims and policies in force; null leaves them unsigned
     * @param operators whose policies, actions and claims are believed; the signer is among them
     */
    public static Topology build(
            PolicyBook policies, Map<String, ?> config, @Nullable SigningKey signer, RecordVerification operators) {
        return new GuardTopology(policies, config, signer, operators, true).whole();
    }

    /**
     * The same stages with stores that live on the heap and are written nowhere: for a replay, which begins from nothing and is never restored. A recording holds
     * only what was believed.
     */
    public static Topology buildForReplay(PolicyBook policies) {
        return new GuardTopology(policies, Map.of(), null, RecordVerification.NONE, false).whole();
    }

    private Topology whole() {
        readAndScreen();
        detectAndDecide();
        admitPolicies();
        publish();
        return topology;
    }

    private void readAndScreen() {
        intake.read(
                Topics.TELEMETRY,
                nodes(READ_TELEMETRY, SCREEN_TELEMETRY, DETECT),
                ScreeningProcessor.required(TelemetryValidation::problemOf));
        intake.read(
                Topics.OUTCOMES,
                nodes(READ_OUTCOMES, SCREEN_OUTCOMES, RECEIVE_OUTCOMES),
                ScreeningProcessor.required(TelemetryValidation::problemOf));
        intake.readSigned(
                Topics.OPERATOR,
                nodes(READ_OPERATOR, SCREEN_OPERATOR, RECEIVE_OPERATOR),
                ScreeningProcessor.required(OperatorValidation::problemOf));
        intake.readSigned(
                Topics.LEASES,
                nodes(READ_LEASES, SCREEN_LEASES, RECEIVE_LEASES),
                ScreeningProcessor.required(LeaseValidation::problemOf));
    }

    private static Intake.Nodes nodes(String source, String screen, String next) {
        return new Intake.Nodes(source, screen, next, DEAD_LETTERS);
    }

    private void detectAndDecide() {
        topology.addProcessor(DETECT, () -> new DetectionProcessor(policies, DECIDE, SINKS.shadow()), SCREEN_TELEMETRY);
        receive(
                RECEIVE_OUTCOMES,
                SCREEN_OUTCOMES,
                (InterventionOutcome outcome, Long at) -> new CommandAnswered(outcome));
        receive(RECEIVE_OPERATOR, SCREEN_OPERATOR, (OperatorAction action, Long at) -> new OperatorAsked(action));
        receive(RECEIVE_LEASES, SCREEN_LEASES, (LeaseClaim claim, Long at) -> new LeaseClaimed(claim, at));
        topology.addProcessor(
                DECIDE,
                () -> new DecisionProcessor(policies, SINKS),
                DETECT,
                RECEIVE_OUTCOMES,
                RECEIVE_OPERATOR,
                RECEIVE_LEASES);
        topology.addProcessor(SINKS.shadow(), () -> new ShadowProcessor(policies), DETECT, DECIDE);
        topology.addStateStore(store(DetectionProcessor.SNAPSHOT_STORE, Serdes.ByteArray()), DETECT);
        topology.addStateStore(store(DetectionProcessor.SLOT_STORE, inStore(Topics.TELEMETRY)), DETECT);
        topology.addStateStore(store(DetectionProcessor.POLICY_STORE, Serdes.String()), DETECT);
        topology.addStateStore(store(DetectionProcessor.SHADOW_SNAPSHOT_STORE, Serdes.ByteArray()), DETECT);
        topology.addStateStore(store(DetectionProcessor.SHADOW_SLOT_STORE, inStore(Topics.TELEMETRY)), DETECT);
        topology.addStateStore(store(DecisionProcessor.STORE, Serdes.ByteArray()), DECIDE, SINKS.shadow());
        topology.addStateStore(store(ShadowProcessor.STORE, Serdes.ByteArray()), SINKS.shadow());
        topology.addStateStore(store(DecisionProcessor.LEASE_STORE, Serdes.ByteArray()), DECIDE);
    }

    /** A part of its own, with dead letters of its own: joined to the other it would have to have as many partitions. */
    private void admitPolicies() {
        intake.readSigned(
                Topics.POLICIES,
                new Intake.Nodes(READ_POLICIES, SCREEN_POLICIES, ADMIT_POLICIES, REFUSED_POLICIES),
                this::problemOf);
        topology.addProcessor(ADMIT_POLICIES, () -> new AdmissionProcessor(policies), SCREEN_POLICIES);
        publishInForce();
        publish(REFUSED_POLICIES, Topics.DEAD_LETTERS, SCREEN_POLICIES);
        intake.readInForce(
                READ_POLICIES_IN_FORCE,
                ENTER_POLICIES,
                Stores.keyValueStoreBuilder(
                                Stores.inMemoryKeyValueStore(InForceProcessor.STORE),
                                Serdes.String(),
                                inStore(Topics.POLICIES_IN_FORCE))
                        .withLoggingDisabled(),
                policies);
    }

    /** Signed like what they come from: whoever could forge them need not forge that. */
    private void publishInForce() {
        Topic<PolicyInForce> topic = Topics.POLICIES_IN_FORCE;
        SigningKey key = signer;
        if (key == null) {
            publish(PUBLISH_IN_FORCE, topic, ADMIT_POLICIES);
            return;
        }
        Serializer<PolicyInForce> values = bounded(serdes.serde(topic).serializer());
        topology.addProcessor(SIGN_IN_FORCE, () -> new SigningProcessor<>(topic, values, key), ADMIT_POLICIES);
        publish(PUBLISH_IN_FORCE, topic, new ByteArraySerializer(), SIGN_IN_FORCE);
    }

    private void publish() {
        publish(SINKS.anomalies(), Topics.ANOMALIES, DECIDE);
        publishSigned(SINKS.decisions(), Topics.DECISIONS, Decision::getRun);
        publishSigned(SINKS.commands(), Topics.COMMANDS, InterventionCommand::getRun);
        publish(SINKS.runs(), Topics.RUNS, DECIDE);
        publishSigned(SINKS.leases(), Topics.LEASES, LeaseClaim::getRun);
        publish("publish-shadow-agreements", Topics.SHADOW, SINKS.shadow());
        publish(DEAD_LETTERS, Topics.DEAD_LETTERS, SCREEN_TELEMETRY, SCREEN_OUTCOMES, SCREEN_OPERATOR, SCREEN_LEASES);
    }

    private <V extends SpecificRecord> void publish(String node, Topic<V> topic, String... parents) {
        publish(node, topic, bounded(serdes.serde(topic).serializer()), parents);
    }

    private <V extends SpecificRecord> void publishSigned(String node, Topic<V> topic, Function<V, String> runOf) {
        Serializer<V> plain = bounded(serdes.serde(topic).serializer());
        publish(node, topic, signer == null ? plain : new SigningSerializer<>(plain, runOf, signer), DECIDE);
    }

    private void publish(String node, Topic<?> topic, Serializer<?> values, String... parents) {
        topology.addSink(node, topic.name(), new StringSerializer(), values, parents);
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

    private <V> void receive(String node, String screen, BiFunction<V, Long, RunEvent> event) {
        topology.addProcessor(node, () -> new EventProcessor<>(event), screen);
    }

    /** Stores are the guard's own: they need no registry, whatever the topics use. */
    private static <V extends SpecificRecord> Serde<V> inStore(Topic<V> topic) {
        return RecordSerdes.of(Map.of()).serde(topic);
    }

    private <V> StoreBuilder<KeyValueStore<String, V>> store(String name, Serde<V> values) {
        Serde<V> bounded = Serdes.serdeFrom(bounded(values.serializer()), values.deserializer());
        return durable
                ? Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), bounded)
                : Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.String(), bounded)
                        .withLoggingDisabled();
    }
}
