package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the brokers say of groups and offsets. Any thread; while they do not answer, nothing is known. */
final class ClusterView implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(ClusterView.class);
    private static final int TIMEOUT_MS = 6_000;
    private static final List<Topic<?>> READ_BY_GUARDS = List.of(Topics.TELEMETRY, Topics.OUTCOMES);
    private static final List<Topic<?>> WRITTEN_BY_GUARDS =
            List.of(Topics.COMMANDS, Topics.DECISIONS, Topics.ANOMALIES, Topics.RUNS, Topics.DEAD_LETTERS);

    private final Admin admin;
    private final Map<String, Integer> partitions;

    ClusterView(String servers) {
        this.admin = Admin.create(Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                servers,
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                1_000,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                TIMEOUT_MS,
                AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG,
                200));
        try {
            this.partitions = answer(admin.describeTopics(names()).allTopicNames()).entrySet().stream()
                    .collect(Collectors.toMap(
                            Map.Entry::getKey,
                            entry -> entry.getValue().partitions().size()));
        } catch (ExecutionException | TimeoutException e) {
            admin.close(Duration.ZERO);
            throw new IllegalStateException("the topics cannot be described", e);
        }
    }

    private static List<String> names() {
        return Stream.concat(READ_BY_GUARDS.stream(), WRITTEN_BY_GUARDS.stream())
                .map(Topic::name)
                .toList();
    }

    private static <T> T answer(KafkaFuture<T> future) throws ExecutionException, TimeoutException {
        try {
            return future.get(2 * TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TimeoutException("interrupted");
        }
    }

    /** Where records of a run go: what every producer does with a key. */
    TopicPartition partition(String topic, String run) {
        int count = Objects.requireNonNull(partitions.get(topic), topic);
        byte[] key = run.getBytes(StandardCharsets.UTF_8);
        return new TopicPartition(topic, Utils.toPositive(Utils.murmur2(key)) % count);
    }

    /** Members of a group; none while that is not known. */
    List<MemberDescription> members(String group) {
        try {
            return answer(admin.describeConsumerGroups(List.of(group)).all()).values().stream()
                    .flatMap(described -> described.members().stream())
                    .toList();
        } catch (ExecutionException | TimeoutException e) {
            LOGGER.debug("the group is not known", e);
            return List.of();
        }
    }

    /** Whether the group has committed everything that it reads, and no transaction is open where it writes. */
    boolean isSettled(String group) {
        try {
            Map<TopicPartition, OffsetAndMetadata> committed =
                    answer(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
            boolean consumed = ends(READ_BY_GUARDS, IsolationLevel.READ_UNCOMMITTED).entrySet().stream()
                    .allMatch(end -> end.getValue() <= offset(committed.get(end.getKey())));
            return consumed
                    && ends(WRITTEN_BY_GUARDS, IsolationLevel.READ_COMMITTED)
                            .equals(ends(WRITTEN_BY_GUARDS, IsolationLevel.READ_UNCOMMITTED));
        } catch (ExecutionException | TimeoutException e) {
            LOGGER.debug("the offsets are not known", e);
            return false;
        }
    }

    private static long offset(@Nullable OffsetAndMetadata committed) {
        return committed == null ? 0 : committed.offset();
    }

    private Map<TopicPartition, Long> ends(Collection<Topic<?>> topics, IsolationLevel isolation)
            throws ExecutionException, TimeoutException {
        Map<TopicPartition, OffsetSpec> latest = topics.stream()
                .flatMap(topic -> Stream.iterate(0, each -> each + 1)
                        .limit(Objects.requireNonNull(partitions.get(topic.name())))
                        .map(each -> new TopicPartition(topic.name(), each)))
                .collect(Collectors.toMap(Function.identity(), partition -> OffsetSpec.latest()));
        return answer(admin.listOffsets(latest, new ListOffsetsOptions(isolation))
                        .all())
                .entrySet()
                .stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().offset()));
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
    }
}
