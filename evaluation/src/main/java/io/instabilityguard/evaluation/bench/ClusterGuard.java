package io.instabilityguard.evaluation.bench;

import io.instabilityguard.evaluation.broker.BrokerCluster;
import io.instabilityguard.evaluation.broker.TopicCreation;
import io.instabilityguard.evaluation.process.ChildProcess;
import io.instabilityguard.evaluation.process.TemporaryFolder;
import io.instabilityguard.evaluation.process.Yaml;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

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
        Path folder = TemporaryFolder.create("guard-cluster");
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
        TemporaryFolder.delete(folder);
    }
}
