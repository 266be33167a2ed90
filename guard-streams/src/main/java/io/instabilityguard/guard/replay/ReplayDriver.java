package io.instabilityguard.guard.replay;

import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.GuardTopology;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.recording.Recorded;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Sha256;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/**
 * The production topology without a broker, on Kafka's own driver. Its clock follows the records: every record is read when it was written, so that none is stale.
 * For one thread.
 */
final class ReplayDriver implements AutoCloseable {

    /** The topology looks for silent runs once a second. */
    private static final long TICK_MS = 1_000;

    private static final RecordSerdes SERDES = RecordSerdes.of(Map.of());

    private final String run;
    private final TopologyTestDriver driver;
    private final Map<String, TestInputTopic<String, SpecificRecord>> inputs = new HashMap<>();
    private final TestOutputTopic<String, byte[]> anomalies;
    private final TestOutputTopic<String, byte[]> decisions;
    private final TestOutputTopic<String, byte[]> commands;
    private final List<Anomaly> raised = new ArrayList<>();
    private final List<Decision> decided = new ArrayList<>();
    private String digest = "";
    private long clockMs;

    /** A driver for one run under this policy, which decides in the name of this application, from this time on. */
    ReplayDriver(String run, Policy policy, String application, long startMs) {
        this.run = run;
        this.clockMs = startMs;
        Properties properties = GuardConfig.local("none:1").streamsProperties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        driver = new TopologyTestDriver(
                GuardTopology.buildForReplay(new PolicyBook(policy, null)), properties, Instant.ofEpochMilli(startMs));
        List.of(Topics.TELEMETRY, Topics.OUTCOMES, Topics.OPERATOR, Topics.LEASES)
                .forEach(this::addInput);
        anomalies = output(Topics.ANOMALIES);
        decisions = output(Topics.DECISIONS);
        commands = output(Topics.COMMANDS);
    }

    private <V extends SpecificRecord> void addInput(Topic<V> topic) {
        Serializer<V> typed = SERDES.serde(topic).serializer();
        Serializer<SpecificRecord> values =
                (name, value) -> typed.serialize(name, topic.type().cast(value));
        inputs.put(topic.name(), driver.createInputTopic(topic.name(), new StringSerializer(), values));
    }

    private TestOutputTopic<String, byte[]> output(Topic<?> topic) {
        return driver.createOutputTopic(topic.name(), new StringDeserializer(), new ByteArrayDeserializer());
    }

    /** Shows the topology the next record, unless it is of a topic that it does not read. */
    void read(Recorded recorded) {
        TestInputTopic<String, SpecificRecord> input = inputs.get(recorded.topic());
        if (input == null) {
            return;
        }
        long aheadMs = recorded.timestampMs() - clockMs;
        if (aheadMs >= TICK_MS) {
            driver.advanceWallClockTime(Duration.ofMillis(aheadMs));
            clockMs = recorded.timestampMs();
        }
        input.pipeInput(new TestRecord<>(run, recorded.value(), Instant.ofEpochMilli(recorded.timestampMs())));
        take(anomalies, Topics.ANOMALIES, raised);
        take(decisions, Topics.DECISIONS, decided);
        commands.readValuesToList().forEach(this::note);
    }

    private <V extends SpecificRecord> void take(TestOutputTopic<String, byte[]> topic, Topic<V> of, List<V> all) {
        for (byte[] bytes : topic.readValuesToList()) {
            note(bytes);
            all.add(SERDES.serde(of).deserializer().deserialize(of.name(), bytes));
        }
    }

    private void note(byte[] published) {
        digest = Sha256.hex(digest.getBytes(StandardCharsets.UTF_8), published);
    }

    Decided decided() {
        return new Decided(raised, decided, digest);
    }

    @Override
    public void close() {
        driver.close();
    }
}
