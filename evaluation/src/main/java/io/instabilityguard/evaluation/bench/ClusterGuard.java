package io.instabilityguard.evaluation.bench;

import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.broker.BrokerCluster;
import io.instabilityguard.evaluation.broker.TopicCreation;
import io.instabilityguard.evaluation.process.ChildProcess;
import io.instabilityguard.evaluation.process.Yaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Three brokers and one guard, each a process of its own, on a temporary folder. The guard has the settings that it ships with. */
final class ClusterGuard implements AutoCloseable {
    private static final List<String> JVM = List.of("-Xmx512m", "-XX:+UseSerialGC", "-Xshare:auto");

    private final Path folder;
    private final BrokerCluster cluster;
    private final ChildProcess guard;

    private ClusterGuard(Path folder, BrokerCluster cluster, ChildProcess guard) {
        this.folder = folder;
        this.cluster = cluster;
        this.guard = guard;
    }

    /** Starts the brokers and the guard, which takes its partitions some seconds later. */
    static ClusterGuard start() {
        Path folder;
        try {
            folder = Files.createTempDirectory("guard-cluster");
        } catch (IOException e) {
            throw UserError.environment("cannot make a temporary folder: " + e.getMessage());
        }
        BrokerCluster cluster = BrokerCluster.start(folder);
        TopicCreation.createMissing(cluster.bootstrapServers());
        Path config = Yaml.write(
                folder.resolve("guard.yaml"),
                Map.of(
                        "bootstrap-servers",
                        cluster.bootstrapServers(),
                        "state-dir",
                        folder.resolve("streams").toString(),
                        "mode",
                        "enforce"));
        ChildProcess guard = ChildProcess.java(
                "guard",
                JVM,
                "io.instabilityguard.guard.GuardMain",
                List.of("--config", config.toString()),
                folder.resolve("guard.log"));
        return new ClusterGuard(folder, cluster, guard.start());
    }

    String bootstrapServers() {
        return cluster.bootstrapServers();
    }

    @Override
    public void close() {
        guard.close();
        cluster.close();
        try (Stream<Path> paths = Files.walk(folder)) {
            paths.sorted(Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        } catch (IOException e) {
            folder.toFile().deleteOnExit();
        }
    }
}
