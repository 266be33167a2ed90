package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.errors.DistinctErrors;
import io.instabilityguard.sidecar.metrics.MeteredSidecar;
import io.instabilityguard.sidecar.metrics.MetricsEndpoint;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The sidecar as a process. Exit code 0 when told to stop, 1 when it cannot run, 2 for wrong usage or configuration. */
@Command(
        name = "sidecar",
        mixinStandardHelpOptions = true,
        description = "Measures a trainer's weights and carries out what the guard commands.",
        footer = {"", "Example: guard sidecar --config /etc/instability-guard/sidecar.yaml"},
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:stopped", "1:could not run", "2:bad options or configuration"})
public final class SidecarMain implements Callable<Integer> {
    private static final int FAILURE = 1;
    private static final int USAGE = 2;

    @Option(names = "--config", paramLabel = "FILE", description = "YAML or properties file of settings")
    private @Nullable Path config;

    @Option(names = "--socket", paramLabel = "PATH", description = "Unix domain socket that hooks connect to")
    private @Nullable String socket;

    @Option(names = "--bootstrap", paramLabel = "HOST:PORT", description = "Kafka's bootstrap servers")
    private @Nullable String bootstrap;

    private final Map<String, String> environment;

    SidecarMain(Map<String, String> environment) {
        this.environment = environment;
    }

    /** Runs until SIGTERM. */
    public static void main(String[] arguments) {
        System.exit(commandLine(System.getenv()).execute(arguments));
    }

    static CommandLine commandLine(Map<String, String> environment) {
        CommandLine line = new CommandLine(new SidecarMain(environment));
        line.setParameterExceptionHandler((e, arguments) -> complain(line, e, USAGE));
        line.setExecutionExceptionHandler(
                (e, command, result) -> complain(line, e, e instanceof ConfigException ? USAGE : FAILURE));
        return line;
    }

    private static int complain(CommandLine line, Exception e, int exitCode) {
        line.getErr().println("sidecar: " + DistinctErrors.describe(e));
        return exitCode;
    }

    @Override
    public Integer call() throws Exception {
        SidecarConfig read = SidecarConfig.of(settings());
        if (read.metricsAddress().isEmpty()) {
            return run(read, SidecarMetrics.NOOP);
        }
        try (MetricsEndpoint endpoint =
                        MetricsEndpoint.open(read.metricsAddress().get());
                MeteredSidecar metrics = new MeteredSidecar(endpoint.registry())) {
            return run(read, metrics);
        }
    }

    private static int run(SidecarConfig config, SidecarMetrics metrics) throws IOException, InterruptedException {
        try (Sidecar sidecar = new Sidecar(config, metrics)) {
            Runtime.getRuntime().addShutdownHook(new Thread(sidecar::close, "sidecar-stop"));
            sidecar.run();
            return 0;
        }
    }

    Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>(config == null ? Map.of() : SettingsFile.read(config));
        putUnlessNull(settings, SidecarConfig.SOCKET, environment.get("GUARD_SOCKET"));
        putUnlessNull(settings, SidecarConfig.SOCKET, socket);
        putUnlessNull(settings, SidecarConfig.BOOTSTRAP_SERVERS, bootstrap);
        return settings;
    }

    private static void putUnlessNull(Map<String, String> settings, String key, @Nullable String value) {
        if (value != null) {
            settings.put(key, value);
        }
    }
}
