package io.instabilityguard.evaluation.broker;

import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.broker.BrokerSettings.Ports;
import io.instabilityguard.evaluation.process.ChildProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;

/**
 * Three Kafka nodes (KRaft: broker and controller each), every one a process of its own, on the loopback interface of this machine. Everything is
 * on all three and acknowledged by two, so that any one of them may die at any time. They end with this process, however that happens.
 */
public final class BrokerCluster implements AutoCloseable {
    private static final int NODES = 3;
    private static final int PORTS_PER_NODE = 3;
    private static final Duration READY_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(20);
    private static final Duration POLL = Duration.ofMillis(50);

    private final List<BrokerProcess> nodes;
    private final Admin admin;

    private BrokerCluster(List<BrokerProcess> nodes) {
        this.nodes = nodes;
        this.admin = Admin.create(Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                        servers(nodes.stream().map(BrokerProcess::directServers)),
                AdminClientConfig.RECONNECT_BACKOFF_MS_CONFIG, 20,
                AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 100));
    }

    /**
     * Starts a cluster whose clients connect to it directly, and waits until all of it is there.
     *
     * @param folder where its records, settings and logs live; it exists
     */
    public static BrokerCluster start(Path folder) {
        return start(folder, IntUnaryOperator.identity(), Map.of());
    }

    /**
     * Starts a cluster and waits until all of it is there.
     *
     * @param folder where its records, settings and logs live; it exists
     * @param advertised from the port where a node listens for clients to the one where they are told to connect
     * @param further settings of Kafka for every node, which replace ours
     * @throws UserError when a node does not start
     */
    public static BrokerCluster start(Path folder, IntUnaryOperator advertised, Map<String, String> further) {
        List<Integer> free = FreePort.several(NODES * PORTS_PER_NODE);
        List<Integer> controllers = free.subList(0, NODES);
        Uuid cluster = Uuid.randomUuid();
        List<BrokerProcess> nodes = new ArrayList<>();
        for (int index = 0; index < NODES; index++) {
            int clients = free.get(NODES + 2 * index);
            Ports ports = new Ports(
                    clients, advertised.applyAsInt(clients), free.get(NODES + 2 * index + 1), controllers.get(index));
            int id = BrokerSettings.FIRST_NODE + index;
            BrokerSettings settings = new BrokerSettings(id, folder.resolve("broker-" + id), ports, controllers);
            BrokerFolder.format(settings, cluster);
            nodes.add(BrokerProcess.of(settings, further));
        }
        BrokerCluster started = new BrokerCluster(List.copyOf(nodes));
        try {
            nodes.forEach(node -> node.process().start());
            started.awaitAll();
            return started;
        } catch (RuntimeException e) {
            started.close();
            throw e;
        }
    }

    /** Where clients connect. */
    public String bootstrapServers() {
        return servers(nodes.stream().map(BrokerProcess::bootstrapServers));
    }

    /** Where clients connect to the nodes themselves, past whatever is advertised. */
    public String directServers() {
        return servers(nodes.stream().map(BrokerProcess::directServers));
    }

    private static String servers(Stream<String> addresses) {
        return addresses.collect(Collectors.joining(","));
    }

    /** The nodes, by rising id. */
    public List<BrokerProcess> nodes() {
        return nodes;
    }

    /** The node that leads a partition now. */
    public BrokerProcess leader(String topic, int partition) {
        Node leader = partition(topic, partition).leader();
        return nodes.get(leader.id() - BrokerSettings.FIRST_NODE);
    }

    /** The node that leads the cluster's own metadata now. */
    public BrokerProcess controller() {
        return nodes.get(answer(admin.describeMetadataQuorum().quorumInfo()).leaderId() - BrokerSettings.FIRST_NODE);
    }

    /**
     * Waits until every node is part of the cluster.
     *
     * @throws UserError in a node's last words when it has ended, or after 60 seconds
     */
    public void awaitAll() {
        await(
                "every node is there",
                () -> answer(admin.describeCluster().nodes()).size() == NODES);
    }

    /** Waits until every replica of these partitions is in sync, as after a node's return; {@link UserError} after 60 seconds. */
    public void awaitInSync(List<TopicPartition> partitions) {
        await(
                "every replica is in sync",
                () -> partitions.stream()
                        .map(each -> partition(each.topic(), each.partition()))
                        .allMatch(each -> each.isr().size() == each.replicas().size()));
    }

    private TopicPartitionInfo partition(String topic, int partition) {
        return Objects.requireNonNull(
                        answer(admin.describeTopics(List.of(topic)).allTopicNames())
                                .get(topic),
                        topic)
                .partitions()
                .get(partition);
    }

    private void await(String what, Condition condition) {
        long deadline = System.nanoTime() + READY_TIMEOUT.toNanos();
        while (!holds(condition)) {
            nodes.forEach(BrokerCluster::requireAlive);
            if (System.nanoTime() > deadline) {
                throw UserError.environment("waited " + READY_TIMEOUT.toSeconds() + " s in vain until " + what);
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
    }

    @FunctionalInterface
    private interface Condition {
        boolean holds();
    }

    private static boolean holds(Condition condition) {
        try {
            return condition.holds();
        } catch (Unanswered e) {
            return false;
        }
    }

    private static void requireAlive(BrokerProcess node) {
        ChildProcess process = node.process();
        if (!process.isAlive()) {
            throw UserError.environment(process.name() + " has ended: " + process.lastWords());
        }
    }

    private static <T> T answer(KafkaFuture<T> future) {
        try {
            return future.get(ANSWER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new Unanswered(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unanswered(e);
        }
    }

    /** The cluster did not answer a question about itself. */
    private static final class Unanswered extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        Unanswered(Exception cause) {
            super("the cluster does not answer: " + cause.getMessage(), cause);
        }
    }

    /** Ends all nodes at once; what does not end within 10 seconds is killed. */
    @Override
    public void close() {
        admin.close(Duration.ZERO);
        nodes.forEach(node -> node.process().end());
        nodes.forEach(node -> node.process().close());
    }
}
