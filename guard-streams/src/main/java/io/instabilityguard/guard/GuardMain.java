package io.instabilityguard.guard;

import io.instabilityguard.guard.metrics.GuardMetrics;
import io.instabilityguard.guard.notification.NotificationConfig;
import io.instabilityguard.guard.notification.Notifications;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.policy.PolicyRow;
import io.instabilityguard.guard.view.View;
import io.instabilityguard.guard.view.http.HttpConfig;
import io.instabilityguard.schemas.Mode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The guard as a process of its own. Exit status: 0 stopped, 1 could not run, 2 bad options, configuration or policy. */
@Command(
        name = "guard streams",
        description = "Watches training runs through Kafka and commands what saves them.",
        footer = {"", "Example: guard streams --config /etc/instability-guard/guard.yaml"},
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:stopped",
            "1:could not run: no answer from the brokers, a port in use",
            "2:bad options, configuration or policy"
        },
        mixinStandardHelpOptions = true)
public final class GuardMain implements Callable<Integer> {

    private static final Logger LOG = LoggerFactory.getLogger(GuardMain.class);
    private static final int CANNOT_RUN = 1;
    private static final int BAD_INPUT = 2;

    @Option(names = "--config", required = true, paramLabel = "F", description = "Configuration, YAML.")
    private Path config = Path.of("guard.yaml");

    @Option(
            names = "--mode",
            paramLabel = "MODE",
            description = "observe, approve or enforce; replaces that of configuration and policy.")
    private @Nullable String mode;

    /** Made by {@link #main}. */
    GuardMain() {}

    /** Runs until it is stopped. */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /** The command line, which explains failures in one line. */
    public static CommandLine commandLine() {
        return explaining(new CommandLine(new GuardMain()));
    }

    /** The same command line, which explains failures in one line and turns them into an exit status. */
    public static CommandLine explaining(CommandLine line) {
        return line.setExecutionExceptionHandler((failure, failed, parsed) -> explain(failure, failed))
                .setParameterExceptionHandler((failure, rest) -> explain(failure, failure.getCommandLine()));
    }

    @Override
    public Integer call() throws InterruptedException, IOException {
        GuardConfig read = GuardConfig.read(config);
        Optional<HttpConfig> http = HttpConfig.read(config, System.getenv());
        read = read.advertising(http.map(HttpConfig::advertisedAddress).orElse(null));
        NotificationConfig receivers = NotificationConfig.read(config, System.getenv());
        try (Guard guard = new Guard(mode == null ? read : read.withMode(mode(mode)));
                Notifications notifications =
                        Notifications.start(receivers, read.applicationId(), read.clients(), Clock.systemUTC())) {
            Runtime.getRuntime().addShutdownHook(new Thread(guard::close, "guard-close"));
            if (http.isEmpty()) {
                guard.start().await();
            } else {
                watch(guard, read, http.get(), notifications);
            }
        }
        return 0;
    }

    private static void watch(Guard guard, GuardConfig config, HttpConfig http, Notifications notifications)
            throws InterruptedException, IOException {
        try (GuardMetrics metrics = guard.metrics();
                View view = View.start(http, config.bootstrapServers(), config.kafka(), seen(guard, config, metrics))) {
            notifications.bindTo(metrics.registry());
            LOG.info("dashboard at {}", view.address());
            guard.start().await();
        }
    }

    private static View.Instance seen(Guard guard, GuardConfig config, GuardMetrics metrics) {
        return new View.Instance(
                guard.policies(),
                PolicyRow.read(config.policyFile()),
                guard.watches(),
                config.signer(),
                metrics::scrape);
    }

    private static Mode mode(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "observe" -> Mode.OBSERVE;
            case "approve" -> Mode.APPROVE;
            case "enforce" -> Mode.ENFORCE;
            default -> throw new PolicyException("--mode: must be one of observe, approve, enforce, not " + name);
        };
    }

    private static int explain(Exception failure, CommandLine line) throws Exception {
        boolean badInput = failure instanceof PolicyException || failure instanceof CommandLine.ParameterException;
        if (!badInput && !(failure instanceof KafkaException) && !(failure instanceof IOException)) {
            throw failure;
        }
        line.getErr().println("guard: " + failure.getMessage());
        return badInput ? BAD_INPUT : CANNOT_RUN;
    }
}
