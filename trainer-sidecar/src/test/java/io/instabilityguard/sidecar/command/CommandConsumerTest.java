package io.instabilityguard.sidecar.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.Health;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.sidecar.Fakes;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CommandConsumerTest {
    private static final TopicPartition COMMANDS = new TopicPartition(Topics.COMMANDS.name(), 0);
    private static final TopicPartition RUNS = new TopicPartition(Topics.RUNS.name(), 0);

    private final TimedConsumer kafka = new TimedConsumer();
    private final List<ReceivedCommand> commands = new CopyOnWriteArrayList<>();
    private final List<RunProgress> states = new CopyOnWriteArrayList<>();
    private final AtomicInteger connectFailures = new AtomicInteger();
    private final AtomicInteger unreadable = new AtomicInteger();
    private final CommandConsumer consumer = new CommandConsumer(
            this::connect,
            RecordSerdes.of(Map.of()),
            CommandVerification.none(),
            new SidecarMetrics() {
                @Override
                public void commandUnreadable() {
                    unreadable.incrementAndGet();
                }
            },
            Fakes.clock());

    @BeforeEach
    void describeTheTopics() {
        for (TopicPartition partition : List.of(COMMANDS, RUNS)) {
            kafka.updatePartitions(
                    partition.topic(),
                    List.of(new PartitionInfo(partition.topic(), 0, Node.noNode(), new Node[0], new Node[0])));
            kafka.updateBeginningOffsets(Map.of(partition, 0L));
            kafka.updateEndOffsets(Map.of(partition, 5L));
        }
    }

    @AfterEach
    void stop() {
        consumer.close();
        assertThat(kafka.closed()).isTrue();
    }

    @Test
    void shouldReadWhatIsSaidFromNowOn() {
        start();
        add(COMMANDS, 5, bytes(command("c")));
        add(RUNS, 5, bytes(state(9, 2)));

        await().until(() -> commands.size() == 1 && states.size() == 1);
        assertThat(commands.get(0).id()).isEqualTo("c");
        assertThat(commands.get(0).key()).isEqualTo("run-1");
        assertThat(commands.get(0).offset()).isEqualTo(5);
        assertThat(commands.get(0).parameters()).containsEntry("factor", 0.5);
        assertThat(states).containsExactly(new RunProgress("run-1", 5, 9, 2, "", 0));
    }

    @Test
    void shouldSkipAndCountWhatItCannotRead() {
        start();
        add(COMMANDS, 5, new byte[] {1, 2, 3});
        add(COMMANDS, 6, null);
        add(COMMANDS, 7, bytes(command("c")));

        await().until(() -> commands.size() == 1);
        assertThat(unreadable).hasValue(1);
    }

    @Test
    void shouldGoBackToATimeButNeverForward() {
        kafka.offsetsAt.put(COMMANDS, 3L);
        kafka.offsetsAt.put(RUNS, 99L);
        start();
        consumer.rereadFrom(1_000);

        await().until(() -> kafka.seeks.get(COMMANDS) == 3);
        assertThat(kafka.seeks.get(RUNS)).isEqualTo(5L);
        assertThat(kafka.askedFor).isEqualTo(1_000);
    }

    @Test
    void shouldGoOnWhenTheBrokerComesBack() {
        start();
        kafka.schedulePollTask(() -> kafka.setPollException(new KafkaException("broker is away")));
        await().until(() -> kafka.failures.get() == 1);
        add(COMMANDS, 5, bytes(command("c")));

        await().until(() -> commands.size() == 1);
    }

    @Test
    void shouldTryAgainWhenAClientCannotBeMade() {
        connectFailures.set(1);
        start();
        add(COMMANDS, 5, bytes(command("c")));

        await().until(() -> commands.size() == 1);
        assertThat(connectFailures).hasValue(0);
    }

    private TimedConsumer connect() {
        if (connectFailures.get() > 0) {
            connectFailures.decrementAndGet();
            throw new KafkaException("no bootstrap url resolves");
        }
        return kafka;
    }

    private void start() {
        consumer.start(new CommandListener() {
            @Override
            public void onCommand(ReceivedCommand command) {
                commands.add(command);
            }

            @Override
            public void onRefused(RefusedCommand refused) {
                throw new AssertionError("nothing is verified here");
            }

            @Override
            public void onProgress(RunProgress progress) {
                states.add(progress);
            }
        });
        await().until(() -> kafka.assignment().size() == 2);
    }

    private void add(TopicPartition partition, long offset, byte[] value) {
        kafka.schedulePollTask(
                () -> kafka.addRecord(new ConsumerRecord<>(partition.topic(), 0, offset, "run-1", value)));
    }

    private static byte[] bytes(InterventionCommand command) {
        return RecordSerdes.of(Topics.COMMANDS, Map.of()).serializer().serialize(COMMANDS.topic(), command);
    }

    private static byte[] bytes(RunState state) {
        return RecordSerdes.of(Topics.RUNS, Map.of()).serializer().serialize(RUNS.topic(), state);
    }

    private static InterventionCommand command(String id) {
        Evidence evidence = Evidence.newBuilder()
                .setDetector("spike")
                .setMetric("gradientNorm")
                .setLayers(List.of())
                .setValue(9)
                .setBaseline(1)
                .setThreshold(3)
                .setFirstStep(1)
                .setLastStep(10)
                .build();
        return InterventionCommand.newBuilder()
                .setId(id)
                .setRun("run-1")
                .setGeneration(5)
                .setKind(InterventionKind.SCALE_LEARNING_RATE)
                .setLayers(List.of())
                .setParameters(Map.of("factor", 0.5))
                .setDecidedAtStep(10)
                .setApplyAtStep(12)
                .setExpiresAtStep(20)
                .setExpectedEffect("calm")
                .setPolicyHash("")
                .setAnomalyId("")
                .setEvidence(evidence)
                .setTimestampMs(0)
                .build();
    }

    private static RunState state(long lastStep, long issued) {
        return RunState.newBuilder()
                .setRun("run-1")
                .setGeneration(5)
                .setHealth(Health.OK)
                .setHealthReason("")
                .setMode(Mode.ENFORCE)
                .setLastStep(lastStep)
                .setOpenAnomalies(List.of())
                .setCommandsIssued(issued)
                .setPolicyHash("")
                .setTimestampMs(0)
                .build();
    }

    /** Kafka's mock cannot look up offsets by time, and tells nothing of seeks and failed polls. */
    private static final class TimedConsumer extends MockConsumer<String, byte[]> {
        private final Map<TopicPartition, Long> offsetsAt = new HashMap<>();
        private final Map<TopicPartition, Long> seeks = new ConcurrentHashMap<>();
        private final AtomicInteger failures = new AtomicInteger();
        private volatile long askedFor;

        TimedConsumer() {
            super("earliest");
        }

        @Override
        public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
                Map<TopicPartition, Long> times, Duration timeout) {
            Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
            times.forEach((partition, time) -> {
                Long offset = offsetsAt.get(partition);
                found.put(partition, offset == null ? null : new OffsetAndTimestamp(offset, time));
                askedFor = time;
            });
            return found;
        }

        @Override
        public synchronized void seek(TopicPartition partition, long offset) {
            super.seek(partition, offset);
            seeks.put(partition, offset);
        }

        @Override
        public synchronized ConsumerRecords<String, byte[]> poll(Duration timeout) {
            try {
                return super.poll(timeout);
            } catch (KafkaException e) {
                failures.incrementAndGet();
                throw e;
            }
        }
    }
}
