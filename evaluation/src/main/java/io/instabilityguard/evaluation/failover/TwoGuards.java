package io.instabilityguard.evaluation.failover;

import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.process.ChildProcess;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** Two guards of one application on one partition of telemetry: one is active, the other one its standby. */
final class TwoGuards implements AutoCloseable {
    /** By name only: the guard is a process of its own here. */
    private static final String GUARD = "io.instabilityguard.guard.GuardMain";

    private static final String APPLICATION = "instability-guard";
    private static final TopicPartition TELEMETRY = new TopicPartition(Topics.TELEMETRY.name(), 0);
    private static final List<String> FLAGS =
            List.of("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto");
    private static final Duration START_TIMEOUT = Duration.ofSeconds(120);
    private static final Duration POLL = Duration.ofMillis(100);

    private final Admin admin;
    private final List<ChildProcess> guards = new ArrayList<>();

    /**
     * Creates the topics and starts both guards, the second once the first has its partition.
     *
     * @throws UserError when one does not start
     */
    TwoGuards(String bootstrapServers, Path folder) {
        admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers));
        answer(admin.createTopics(Topics.all().stream().map(TwoGuards::topic).toList())
                .all());
        for (String name : List.of("guard-a", "guard-b")) {
            guards.add(process(name, bootstrapServers, folder).start());
            awaitMembers(guards.size());
        }
    }

    private static NewTopic topic(Topic<?> topic) {
        return new NewTopic(topic.name(), 1, (short) 1).configs(topic.settings());
    }

    private static ChildProcess process(String name, String bootstrapServers, Path folder) {
        Path config = folder.resolve(name + ".yaml");
        String yaml = """
                bootstrap-servers: "%s"
                application-id: %s
                state-dir: "%s"
                replication-factor: 1
                kafka: {client.id: %s}
                """.formatted(bootstrapServers, APPLICATION, folder.resolve(name), name);
        try {
            Files.writeString(config, yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> arguments = List.of("--config", config.toString(), "--mode", "enforce");
        return ChildProcess.java(name, FLAGS, GUARD, arguments, folder.resolve(name + ".log"));
    }

    private void awaitMembers(int count) {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        while (members().size() < count || active().isEmpty()) {
            Optional<ChildProcess> dead =
                    guards.stream().filter(guard -> !guard.isAlive()).findFirst();
            if (dead.isPresent() || System.nanoTime() > deadline) {
                close();
                throw UserError.environment("the guards did not start: "
                        + dead.map(ChildProcess::lastWords).orElse("they were too slow"));
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
    }

    /** Kills the guard that reads the telemetry; when, by {@link System#nanoTime}. */
    long killActive() {
        ChildProcess active = active().orElseThrow(() -> new IllegalStateException("no guard is active"));
        long nanos = System.nanoTime();
        active.kill();
        return nanos;
    }

    private Optional<ChildProcess> active() {
        return members().stream()
                .filter(member -> member.assignment().topicPartitions().contains(TELEMETRY))
                .flatMap(member ->
                        guards.stream().filter(guard -> member.clientId().startsWith(guard.name())))
                .findFirst();
    }

    private List<MemberDescription> members() {
        try {
            return answer(admin.describeConsumerGroups(List.of(APPLICATION)).all()).values().stream()
                    .flatMap(group -> group.members().stream())
                    .toList();
        } catch (GroupIdNotFoundException e) {
            return List.of();
        }
    }

    private static <T> T answer(KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException failure ? failure : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        guards.forEach(ChildProcess::close);
        admin.close();
    }
}
