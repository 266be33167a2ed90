package io.instabilityguard.guard;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.intervention.DecisionProcessor;
import io.instabilityguard.guard.intervention.ShadowProcessor;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LeaseClaim;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.PolicyRevision;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.RecordSignature;
import io.instabilityguard.schemas.signature.RecordVerification;
import io.instabilityguard.schemas.signature.SigningKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;

/** The guard's topology without a broker. */
final class GuardDriver implements AutoCloseable {

    /** Application id of a guard unless a test names another. */
    static final String APPLICATION = "instability-guard";

    private static final RecordSerdes SERDES = RecordSerdes.of(Map.of());

    private final TopologyTestDriver driver;
    private final TestInputTopic<String, StepTelemetry> telemetry;
    private final TestInputTopic<String, InterventionOutcome> outcomes;
    private SigningKey operator;

    GuardDriver(Policy policy) {
        this(policy, APPLICATION, Map.of(), null, RecordVerification.NONE);
    }

    GuardDriver(Policy policy, Map<String, String> kafka) {
        this(policy, APPLICATION, kafka, null, RecordVerification.NONE);
    }

    GuardDriver(Policy policy, String application) {
        this(policy, application, Map.of(), null, RecordVerification.NONE);
    }

    /** A guard that signs and believes nobody who does not. */
    GuardDriver(Policy policy, SigningKey signer, RecordVerification operators) {
        this(policy, APPLICATION, Map.of(), signer, operators);
    }

    private GuardDriver(
            Policy policy,
            String application,
            Map<String, String> kafka,
            SigningKey signer,
            RecordVerification operators) {
        GuardConfig config = GuardConfig.local("unused:9092");
        Properties properties = new Properties();
        properties.putAll(config.streamsProperties());
        properties.put("application.id", application);
        // under exactly-once the driver forgets what a deserialization handler produced before it commits
        properties.put("processing.guarantee", "at_least_once");
        properties.put("state.dir", System.getProperty("java.io.tmpdir") + "/guard-driver-" + System.nanoTime());
        driver = new TopologyTestDriver(
                GuardTopology.build(new PolicyBook(policy, null), kafka, signer, operators),
                properties,
                Instant.ofEpochMilli(Telemetry.START_MS));
        telemetry = input(Topics.TELEMETRY);
        outcomes = input(Topics.OUTCOMES);
    }

    /** What operators write is signed with this key from now on; null for not at all. */
    GuardDriver signAs(SigningKey key) {
        operator = key;
        return this;
    }

    private <V extends SpecificRecord> void write(Topic<V> topic, String key, V value, Instant at) {
        write(topic, key, SERDES.serde(topic).serializer().serialize(topic.name(), value), at);
    }

    private void write(Topic<?> topic, String key, byte[] value, Instant at) {
        Headers headers = new RecordHeaders();
        if (operator != null) {
            RecordSignature.sign(operator, topic.name(), key, value, headers);
        }
        write(topic, new TestRecord<>(key, value, headers, at));
    }

    /** Writes a record as it is. */
    void write(Topic<?> topic, TestRecord<String, byte[]> record) {
        driver.createInputTopic(topic.name(), new StringSerializer(), new ByteArraySerializer())
                .pipeInput(record);
    }

    private <V extends SpecificRecord> TestInputTopic<String, V> input(Topic<V> topic) {
        return driver.createInputTopic(
                topic.name(), new StringSerializer(), SERDES.serde(topic).serializer());
    }

    void send(StepTelemetry record) {
        sendAs(record.getRun(), record);
    }

    void sendAs(String key, StepTelemetry record) {
        telemetry.pipeInput(new TestRecord<>(key, record, Instant.ofEpochMilli(record.getTimestampMs())));
    }

    /** Sends a record with its trace in the header, as a sidecar does. */
    void sendTraced(StepTelemetry record) {
        Headers headers =
                new RecordHeaders().add(StepTrace.HEADER, StepTrace.of(record).getBytes(US_ASCII));
        Instant at = Instant.ofEpochMilli(record.getTimestampMs());
        telemetry.pipeInput(new TestRecord<>(record.getRun(), record, headers, at));
    }

    /** The traces of everything published to a topic since it was last read. */
    List<String> traces(Topic<?> topic) {
        return records(topic).stream()
                .map(record ->
                        new String(record.headers().lastHeader(StepTrace.HEADER).value(), US_ASCII))
                .toList();
    }

    void answer(InterventionOutcome outcome) {
        outcomes.pipeInput(new TestRecord<>(outcome.getRun(), outcome, Instant.ofEpochMilli(outcome.getTimestampMs())));
    }

    void ask(OperatorAction action) {
        write(Topics.OPERATOR, action.getRun(), action, Instant.ofEpochMilli(action.getTimestampMs()));
    }

    void claim(LeaseClaim claim) {
        write(Topics.LEASES, claim.getRun(), claim, Instant.ofEpochMilli(claim.getTimestampMs()));
    }

    void sendBytes(Topic<?> topic, byte[] value) {
        sendBytes(topic, Telemetry.RUN, value);
    }

    void sendBytes(Topic<?> topic, String key, byte[] value) {
        write(topic, key, value, null);
    }

    /** Publishes a policy that is only tried on the runs of a pattern. */
    void tryOut(String pattern, String policy) {
        publish("shadow/" + pattern, pattern, policy, true);
    }

    /** Publishes a policy for the runs of a pattern. */
    void apply(String pattern, String policy) {
        publish(pattern, pattern, policy, false);
    }

    private void publish(String key, String pattern, String policy, boolean shadow) {
        PolicyRevision revision = PolicyRevision.newBuilder()
                .setPattern(pattern)
                .setPolicy(policy)
                .setVersion(1)
                .setAuthor("alice")
                .setReason("because of the test")
                .setTimestampMs(Telemetry.START_MS)
                .setShadow(shadow)
                .build();
        write(Topics.POLICIES, key, revision, null);
    }

    void withdraw(String pattern) {
        write(Topics.POLICIES, pattern, (byte[]) null, null);
    }

    /** Sends calm steps from {@code from} to before {@code to}. */
    void calm(long from, long to) {
        for (long step = from; step < to; step++) {
            send(Telemetry.calm(step).build());
        }
    }

    void wait(Duration time) {
        driver.advanceWallClockTime(time);
    }

    List<InterventionCommand> commands() {
        return read(Topics.COMMANDS);
    }

    List<Decision> decisions() {
        return read(Topics.DECISIONS);
    }

    List<Anomaly> anomalies() {
        return read(Topics.ANOMALIES);
    }

    List<RunState> states() {
        return read(Topics.RUNS);
    }

    List<DeadLetter> deadLetters() {
        return read(Topics.DEAD_LETTERS);
    }

    /** Takes over all that another driver has stored, as a restart on another machine does. */
    void restoreFrom(GuardDriver other) {
        for (String name : List.of(
                DetectionProcessor.SNAPSHOT_STORE,
                DetectionProcessor.SLOT_STORE,
                DetectionProcessor.POLICY_STORE,
                DetectionProcessor.SHADOW_SNAPSHOT_STORE,
                DetectionProcessor.SHADOW_SLOT_STORE,
                ShadowProcessor.STORE,
                DecisionProcessor.STORE,
                DecisionProcessor.LEASE_STORE)) {
            KeyValueStore<String, Object> target = driver.getKeyValueStore(name);
            try (KeyValueIterator<String, Object> all =
                    other.driver.<String, Object>getKeyValueStore(name).all()) {
                all.forEachRemaining(entry -> target.put(entry.key, entry.value));
            }
        }
    }

    void put(String store, String key, Object value) {
        driver.<String, Object>getKeyValueStore(store).put(key, value);
    }

    long entries(String store) {
        long count = 0;
        try (KeyValueIterator<String, Object> all =
                driver.<String, Object>getKeyValueStore(store).all()) {
            while (all.hasNext()) {
                all.next();
                count++;
            }
        }
        return count;
    }

    /** Everything published to a topic since it was last read, as it stands there. */
    List<TestRecord<String, byte[]>> records(Topic<?> topic) {
        return driver.createOutputTopic(topic.name(), new StringDeserializer(), new ByteArrayDeserializer())
                .readRecordsToList();
    }

    /** Raw values published to a topic since it was last read. */
    List<byte[]> bytes(Topic<?> topic) {
        return driver.createOutputTopic(topic.name(), new StringDeserializer(), new ByteArrayDeserializer())
                .readValuesToList();
    }

    static <V extends SpecificRecord> V decode(Topic<V> topic, byte[] bytes) {
        return SERDES.serde(topic).deserializer().deserialize(topic.name(), bytes);
    }

    /** Value of a counter of arrivals. */
    double count(String operation) {
        return driver.metrics().entrySet().stream()
                .filter(metric -> metric.getKey().name().equals(operation + "-total"))
                .mapToDouble(metric -> (double) metric.getValue().metricValue())
                .sum();
    }

    /** Everything published to a topic since it was last read. */
    <V extends SpecificRecord> List<V> read(Topic<V> topic) {
        return driver.createOutputTopic(
                        topic.name(),
                        new StringDeserializer(),
                        SERDES.serde(topic).deserializer())
                .readValuesToList();
    }

    @Override
    public void close() {
        driver.close();
    }
}
