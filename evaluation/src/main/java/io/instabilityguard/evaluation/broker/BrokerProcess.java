package io.instabilityguard.evaluation.broker;

import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.process.ChildProcess;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** One node of a {@link BrokerCluster}: a JVM of its own. Its records outlive it. */
public final class BrokerProcess {
    private static final List<String> SMALL_JVM =
            List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto");

    private final BrokerSettings settings;
    private final ChildProcess process;

    private BrokerProcess(BrokerSettings settings, ChildProcess process) {
        this.settings = settings;
        this.process = process;
    }

    /** A node that does not run yet; its folder is formatted. */
    static BrokerProcess of(BrokerSettings settings, Map<String, String> further) {
        Path folder = settings.folder();
        Path file = folder.resolveSibling(folder.getFileName() + ".properties");
        Properties properties = settings.properties();
        properties.putAll(further);
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        } catch (IOException e) {
            throw UserError.environment("cannot write " + file + ": " + e.getMessage());
        }
        String name = "broker-" + settings.nodeId();
        Path log = folder.resolveSibling(folder.getFileName() + ".log");
        return new BrokerProcess(
                settings, ChildProcess.java(name, SMALL_JVM, "kafka.Kafka", List.of(file.toString()), log));
    }

    /** Its node id, from 1 on. */
    public int id() {
        return settings.nodeId();
    }

    /** The process, to do faults to; {@link ChildProcess#start} starts it again on the same records and ports. */
    public ChildProcess process() {
        return process;
    }

    /** Where it is told that clients find it. */
    String bootstrapServers() {
        return settings.bootstrapServers();
    }

    String directServers() {
        return settings.directServers();
    }
}
