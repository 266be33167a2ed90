package io.instabilityguard.evaluation;

import io.instabilityguard.evaluation.process.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Guard and sidecar as processes of their own, as {@code ./guard streams} and {@code ./guard sidecar} start them. */
public final class Apart {
    /** Group of the guard's instances. */
    public static final String APPLICATION = "instability-guard";

    private static final List<String> JVM =
            List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto");

    private Apart() {}

    /**
     * Starts a guard that commands.
     *
     * @param name its client id, and the prefix of its files in {@code folder}
     * @param kafka further settings of Kafka and of the serdes
     */
    public static ChildProcess guard(Path folder, String name, String bootstrapServers, Map<String, String> kafka)
            throws IOException {
        StringBuilder config = new StringBuilder("mode: enforce\n");
        put(config, "bootstrap-servers", bootstrapServers);
        put(config, "application-id", APPLICATION);
        put(config, "state-dir", folder.resolve(name + "-state").toString());
        putAll(config, kafka);
        put(config, "  client.id", name);
        return start(folder, name, "io.instabilityguard.guard.GuardMain", config.toString());
    }

    /** Starts a sidecar, whose socket is {@link #socket}. */
    public static ChildProcess sidecar(Path folder, String name, String bootstrapServers, Map<String, String> kafka)
            throws IOException {
        StringBuilder config = new StringBuilder();
        put(config, "socket", socket(folder, name).toString());
        put(config, "state.folder", folder.resolve(name + "-state").toString());
        put(config, "bootstrap.servers", bootstrapServers);
        putAll(config, kafka);
        put(config, "  client.id", name);
        return start(folder, name, "io.instabilityguard.sidecar.SidecarMain", config.toString());
    }

    /** Where the sidecar of this name listens. */
    public static Path socket(Path folder, String name) {
        return folder.resolve(name).resolve("guard.sock");
    }

    private static ChildProcess start(Path folder, String name, String main, String config) throws IOException {
        Path file = folder.resolve(name + ".yaml");
        Files.writeString(file, config);
        List<String> arguments = List.of("--config", file.toString());
        return ChildProcess.java(name, JVM, main, arguments, folder.resolve(name + ".log"))
                .start();
    }

    private static void putAll(StringBuilder config, Map<String, String> kafka) {
        config.append("kafka:\n");
        kafka.forEach((key, value) -> put(config, "  " + key, value));
    }

    private static void put(StringBuilder config, String key, String value) {
        config.append(key).append(": '").append(value).append("'\n");
    }
}
