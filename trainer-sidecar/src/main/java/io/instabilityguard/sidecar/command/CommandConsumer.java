package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.sidecar.errors.DistinctErrors;
import io.instabilityguard.sidecar.report.SidecarClock;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the commands and the states of all runs: every partition assigned, no group, committed records only. Partitions that
 * are there at the start are read from their end, later ones from their beginning; a session asks for what it missed by time.
 * A dead broker is waited for; a record that cannot be read is counted and skipped.
 */
public final class CommandConsumer implements CommandSource {
    private static final Logger LOG = LoggerFactory.getLogger(CommandConsumer.class);
    private static final List<String> TOPICS = List.of(Topics.COMMANDS.name(), Topics.RUNS.name());
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration LOOKUP = Duration.ofSeconds(5);
    private static final long DISCOVERY_MILLIS = 5_000;
    private static final long RETRY_MILLIS = 500;
    private static final long CLOSE_MILLIS = 3_000;
    private static final long NOTHING = Long.MAX_VALUE;

    private final Supplier<Consumer<String, byte[]>> factory;
    private final Deserializer<InterventionCommand> commands;
    private final Deserializer<RunState> states;
    private final SidecarMetrics metrics;
    private final SidecarClock clock;
    private final AtomicLong rereadFrom = new AtomicLong(NOTHING);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final DistinctErrors errors = new DistinctErrors(LOG);
    private final Set<TopicPartition> assigned = new HashSet<>();
    private @Nullable Thread thread;
    private volatile @Nullable Consumer<String, byte[]> current;
    private boolean hasLookedBefore;
    private long lookAgainAtMs;

    /** A source with consumers from this factory. */
    public CommandConsumer(
            Supplier<Consumer<String, byte[]>> factory,
            RecordSerdes serdes,
            SidecarMetrics metrics,
            SidecarClock clock) {
        this.factory = factory;
        this.commands = serdes.serde(Topics.COMMANDS).deserializer();
        this.states = serdes.serde(Topics.RUNS).deserializer();
        this.metrics = metrics;
        this.clock = clock;
    }

    @Override
    public void start(CommandListener listener) {
        Thread reader = new Thread(() -> consume(listener), "sidecar-commands");
        reader.setDaemon(true);
        reader.start();
        thread = reader;
    }

    @Override
    public void rereadFrom(long epochMs) {
        rereadFrom.accumulateAndGet(epochMs, Math::min);
    }

    @Override
    public void close() {
        closing.countDown();
        Consumer<String, byte[]> consumer = current;
        if (consumer != null) {
            consumer.wakeup();
        }
        join();
    }

    private void join() {
        try {
            if (thread != null) {
                thread.join(CLOSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A client that cannot even be made (no name resolves yet) is tried for again. */
    private void consume(CommandListener listener) {
        while (closing.getCount() > 0) {
            try (Consumer<String, byte[]> consumer = factory.get()) {
                current = consumer;
                assigned.clear();
                pollAll(consumer, listener);
            } catch (WakeupException e) {
                LOG.debug("woken up to close");
            } catch (KafkaException e) {
                errors.warn("connecting to read commands", e);
                pause();
            }
        }
    }

    private void pollAll(Consumer<String, byte[]> consumer, CommandListener listener) {
        while (closing.getCount() > 0) {
            poll(consumer, listener);
        }
    }

    private void poll(Consumer<String, byte[]> consumer, CommandListener listener) {
        try {
            discover(consumer);
            if (assigned.isEmpty()) {
                pause();
                return;
            }
            reread(consumer);
            consumer.poll(POLL).forEach(record -> hand(record, listener));
        } catch (WakeupException e) {
            throw e;
        } catch (RuntimeException e) {
            errors.warn("reading commands", e);
            pause();
        }
    }

    private void discover(Consumer<String, byte[]> consumer) {
        long now = clock.millis();
        if (!assigned.isEmpty() && now < lookAgainAtMs) {
            return;
        }
        Set<TopicPartition> fresh = new HashSet<>(partitions(consumer));
        fresh.removeAll(assigned);
        if (!fresh.isEmpty()) {
            assign(consumer, fresh);
        }
        hasLookedBefore = true;
        lookAgainAtMs = now + DISCOVERY_MILLIS;
    }

    private static List<TopicPartition> partitions(Consumer<String, byte[]> consumer) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : TOPICS) {
            List<PartitionInfo> infos = consumer.partitionsFor(topic, LOOKUP);
            if (infos != null) {
                infos.forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
            }
        }
        return partitions;
    }

    /** Positions are asked for before they are used: an end that is looked up later could skip what comes in between. */
    private void assign(Consumer<String, byte[]> consumer, Set<TopicPartition> fresh) {
        Map<TopicPartition, Long> starts =
                hasLookedBefore ? consumer.beginningOffsets(fresh, LOOKUP) : consumer.endOffsets(fresh, LOOKUP);
        Set<TopicPartition> all = new HashSet<>(assigned);
        all.addAll(fresh);
        consumer.assign(all);
        starts.forEach(consumer::seek);
        assigned.addAll(fresh);
    }

    private void reread(Consumer<String, byte[]> consumer) {
        long since = rereadFrom.get();
        if (since == NOTHING) {
            return;
        }
        Map<TopicPartition, OffsetAndTimestamp> offsets = consumer.offsetsForTimes(
                assigned.stream().collect(Collectors.toMap(partition -> partition, partition -> since)), LOOKUP);
        offsets.forEach((partition, found) -> {
            if (found != null && found.offset() < consumer.position(partition, LOOKUP)) {
                consumer.seek(partition, found.offset());
            }
        });
        rereadFrom.compareAndSet(since, NOTHING);
    }

    private void hand(ConsumerRecord<String, byte[]> record, CommandListener listener) {
        try {
            if (record.topic().equals(Topics.COMMANDS.name())) {
                handCommand(record, listener);
            } else {
                handState(record, listener);
            }
        } catch (RuntimeException e) {
            metrics.commandUnreadable();
            errors.warn("a record of " + record.topic() + " was skipped", e);
        }
    }

    private void handCommand(ConsumerRecord<String, byte[]> record, CommandListener listener) {
        InterventionCommand command = commands.deserialize(record.topic(), record.value());
        if (command != null) {
            String key = String.valueOf(record.key());
            listener.onCommand(ReceivedCommand.of(key, command, record.partition(), record.offset()));
        }
    }

    private void handState(ConsumerRecord<String, byte[]> record, CommandListener listener) {
        RunState state = states.deserialize(record.topic(), record.value());
        if (state != null) {
            listener.onProgress(new RunProgress(
                    state.getRun(),
                    state.getGeneration(),
                    state.getLastStep(),
                    state.getCommandsIssued(),
                    state.getLeaseHolder(),
                    state.getLeaseEpoch()));
        }
    }

    private void pause() {
        try {
            if (closing.await(RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.debug("closing");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closing.countDown();
        }
    }
}
