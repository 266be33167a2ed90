package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.evaluation.broker.BrokerCluster;
import io.instabilityguard.evaluation.broker.BrokerProcess;
import io.instabilityguard.evaluation.broker.TopicCreation;
import io.instabilityguard.evaluation.chaos.fault.FaultProxy;
import io.instabilityguard.evaluation.chaos.violation.TopicReading;
import io.instabilityguard.evaluation.chaos.violation.TrialCheck;
import io.instabilityguard.evaluation.process.ChildProcess;
import io.instabilityguard.evaluation.trainer.Python;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What trials are done to, and what outlives them: three brokers behind proxies, two guards and one in reserve, two sidecars, the trainers' nursery, and a
 * reader of the topics.
 */
final class ChaosLab implements AutoCloseable {
    /** Of guards and sidecars. */
    static final List<String> JVM = List.of(
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "-Dguard.log.level=INFO",
            "-Dguard.kafka.log.level=ERROR");

    private static final Logger LOGGER = LoggerFactory.getLogger(ChaosLab.class);
    private static final int SIDECARS = 2;
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

    private final Path folder;
    private final Deque<AutoCloseable> running = new ArrayDeque<>();
    private final List<FaultProxy> proxies = new ArrayList<>();
    private final Set<String> poison = ConcurrentHashMap.newKeySet();
    private final BrokerCluster cluster;
    private final ClusterView view;
    private final GuardGroup guards;
    private final List<Sidecar> sidecars = new ArrayList<>();
    private final Nursery nursery;
    private final TopicReading reading;
    private final TrialCheck check;

    private ChaosLab(Path folder, Python python, Path trainer) {
        this.folder = folder;
        nursery = opened(Nursery.start(python, trainer, folder.resolve("nursery.log")));
        cluster = opened(BrokerCluster.start(folder, this::proxied, Map.of()));
        TopicCreation.createMissing(cluster.directServers());
        view = opened(new ClusterView(cluster.directServers()));
        guards = GuardGroup.in(folder, cluster.bootstrapServers());
        running.push(guards::end);
        guards.start();
        for (int number = 1; number <= SIDECARS; number++) {
            Sidecar sidecar =
                    Sidecar.of("sidecar-" + number, created(folder.resolve("s" + number)), cluster.bootstrapServers());
            sidecars.add(sidecar);
            opened(sidecar.process()).start();
        }
        reading = opened(TopicReading.start(cluster.directServers(), AckLedger.MARK));
        check = new TrialCheck(reading);
    }

    /** Starts everything in this folder, whose path is short enough for sockets. */
    static ChaosLab start(Path folder, Python python, Path trainer) {
        ChaosLab lab = new ChaosLab(folder, python, trainer);
        try {
            if (Await.atMost(START_TIMEOUT, lab::isWhole)) {
                return lab;
            }
            throw new IllegalStateException(
                    "not everything was there within " + START_TIMEOUT.toSeconds() + " s; see the logs in " + folder);
        } catch (RuntimeException e) {
            lab.close();
            throw e;
        }
    }

    private int proxied(int port) {
        FaultProxy proxy = opened(FaultProxy.to(port));
        proxies.add(proxy);
        return proxy.port();
    }

    private <T extends AutoCloseable> T opened(T part) {
        running.push(part);
        return part;
    }

    private static Path created(Path path) {
        try {
            return Files.createDirectories(path);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + path, e);
        }
    }

    /** Whether every guard that should run has joined the group and every sidecar listens. */
    private boolean isWhole() {
        Stream.concat(guards.regular().stream(), sidecars.stream().map(Sidecar::process))
                .filter(process -> !process.isAlive())
                .forEach(process -> {
                    throw new IllegalStateException(process.name() + " has ended: " + process.lastWords());
                });
        long owners = view.members(GuardGroup.APPLICATION).stream()
                .filter(member -> !member.assignment().topicPartitions().isEmpty())
                .count();
        return owners == guards.regular().size() && sidecars.stream().allMatch(Sidecar::isListening);
    }

    /** A new folder for a trial. */
    Path folderOf(String trial) {
        return created(folder.resolve(trial));
    }

    BrokerCluster cluster() {
        return cluster;
    }

    ClusterView view() {
        return view;
    }

    GuardGroup guards() {
        return guards;
    }

    List<Sidecar> sidecars() {
        return sidecars;
    }

    List<FaultProxy> proxies() {
        return proxies;
    }

    Nursery nursery() {
        return nursery;
    }

    TopicReading reading() {
        return reading;
    }

    TrialCheck check() {
        return check;
    }

    /** Where poison was written to so far: {@code partition@offset} of the topic of telemetry. */
    Set<String> poison() {
        return poison;
    }

    /** The guard that decides for a run. */
    ChildProcess ownerOf(String run) {
        TopicPartition partition = view.partition(Topics.TELEMETRY.name(), run);
        return guards.owner(partition, view.members(GuardGroup.APPLICATION));
    }

    /** The broker that a run's telemetry goes to. */
    BrokerProcess leaderOf(String run) {
        TopicPartition partition = view.partition(Topics.TELEMETRY.name(), run);
        return cluster.leader(partition.topic(), partition.partition());
    }

    /** Makes everything as it was, whatever a trial left behind. */
    void putRight() {
        proxies.forEach(proxy -> proxy.become(FaultProxy.Mode.PASS));
        cluster.nodes().forEach(node -> node.process().revive());
        guards.regular().forEach(ChildProcess::revive);
        sidecars.forEach(sidecar -> sidecar.process().revive());
    }

    @Override
    public void close() {
        while (!running.isEmpty()) {
            try {
                running.pop().close();
            } catch (Exception e) { // AutoCloseable declares it; the others must be closed all the same
                LOGGER.warn("closing: {}", e.getMessage());
            }
        }
    }
}
