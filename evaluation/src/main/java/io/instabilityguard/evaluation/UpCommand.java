package io.instabilityguard.evaluation;

import io.instabilityguard.evaluation.AllInOneConfig.GuardMode;
import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code guard up}: runs the all-in-one process until it is told to stop. */
@Command(
        name = "up",
        description = "Runs broker, guard and sidecar in one process on this machine.",
        footer = {"", "Example: guard up --mode enforce --data /var/lib/instability-guard"},
        sortOptions = false)
final class UpCommand implements Callable<Integer> {
    private static final int LAST_PORT = 65_535;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Folder of its data; default: instability-guard under $XDG_STATE_HOME or ~/.local/state.")
    private @Nullable Path data;

    @Option(names = "--port", paramLabel = "P", description = "Port of the broker on the loopback interface; any free.")
    private int port = EmbeddedBroker.ANY_PORT;

    @Option(
            names = "--http-port",
            paramLabel = "P",
            description = "Port of the dashboard on the loopback interface; any free. It prints the address.")
    private int httpPort = EmbeddedBroker.ANY_PORT;

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            description = "Socket that trainers connect to; default: $GUARD_SOCKET or "
                    + "/tmp/instability-guard-UID/guard.sock.")
    private @Nullable Path socket = environmentPath("GUARD_SOCKET");

    @Option(names = "--policy", paramLabel = "FILE", description = "What is looked for and done, in YAML.")
    private @Nullable Path policy;

    @Option(
            names = "--mode",
            paramLabel = "MODE",
            description =
                    "observe (decide and record only), approve (propose, command what is approved) or enforce (command); "
                            + "default: what the policy says.")
    private @Nullable GuardMode mode;

    @Option(
            names = "--sidecar",
            paramLabel = "KEY=VALUE",
            description = "A setting of the sidecar, named as in its configuration file.")
    private Map<String, String> sidecar = Map.of();

    @Option(names = "--stop-with-parent", hidden = true, description = "Stop when standard input ends.")
    private boolean stopsWithParent;

    @Mixin
    private HelpOption help = new HelpOption();

    private static @Nullable Path environmentPath(String variable) {
        String value = System.getenv(variable);
        return value == null || value.isBlank() ? null : Path.of(value);
    }

    @Override
    public Integer call() throws InterruptedException {
        CountDownLatch stop = new CountDownLatch(1);
        AllInOne guard = AllInOne.start(config());
        Thread stopper = new Thread(guard::close, "guard-stop");
        Runtime.getRuntime().addShutdownHook(stopper);
        System.out.print(Welcome.of(guard.endpoints(), guard.folder(), dashboard(guard)));
        System.out.flush();
        if (stopsWithParent) {
            stopWithParent(stop);
        }
        stop.await();
        return 0;
    }

    /** A dashboard that cannot be served is no reason to watch over nothing. */
    private String dashboard(AllInOne guard) {
        try {
            return guard.serve(httpPort);
        } catch (UserError e) {
            return "none: " + e.getMessage();
        }
    }

    private AllInOneConfig config() {
        checkPort("--port", port);
        checkPort("--http-port", httpPort);
        return new AllInOneConfig(
                data != null ? data : defaultData(),
                port,
                Optional.ofNullable(socket),
                Optional.ofNullable(policy),
                Optional.ofNullable(mode),
                sidecar);
    }

    private static void checkPort(String option, int number) {
        if (number < 0 || number > LAST_PORT) {
            throw UserError.usage(option + " must be from 1 to " + LAST_PORT + ", but is " + number);
        }
    }

    private static Path defaultData() {
        Path state = environmentPath("XDG_STATE_HOME");
        Path base = state != null ? state : Path.of(System.getProperty("user.home"), ".local", "state");
        return base.resolve("instability-guard");
    }

    private static void stopWithParent(CountDownLatch stop) {
        Thread watcher = new Thread(
                () -> {
                    try {
                        System.in.transferTo(OutputStream.nullOutputStream());
                    } catch (IOException e) {
                        LoggerFactory.getLogger(UpCommand.class).debug("standard input broke off", e);
                    }
                    stop.countDown();
                },
                "parent-watch");
        watcher.setDaemon(true);
        watcher.start();
    }
}
