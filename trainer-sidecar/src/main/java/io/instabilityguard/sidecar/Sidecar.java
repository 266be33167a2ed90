package io.instabilityguard.sidecar;

import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.sidecar.command.CommandExecution;
import io.instabilityguard.sidecar.command.CommandLog;
import io.instabilityguard.sidecar.command.CommandSource;
import io.instabilityguard.sidecar.command.OutcomeReporter;
import io.instabilityguard.sidecar.command.ShadowStore;
import io.instabilityguard.sidecar.frame.AllowedUsers;
import io.instabilityguard.sidecar.frame.HookServer;
import io.instabilityguard.sidecar.report.RecordSender;
import io.instabilityguard.sidecar.report.SidecarClock;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import io.instabilityguard.sidecar.report.TelemetryReporter;
import io.instabilityguard.sidecar.spectrum.DeviceBackend;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The trainer's companion: hears its steps, measures its weights, reports to the guard and carries out what the guard asks.
 * A plain object: several may live in one process, each with its own socket and state folder. Broker or no broker, it starts.
 */
public final class Sidecar implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Sidecar.class);

    private final SidecarConfig config;
    private final Ports ports;
    private final SidecarMetrics metrics;
    private final SidecarClock clock;
    private final Deque<AutoCloseable> running = new ArrayDeque<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    /** What connects the sidecar to Kafka; the sidecar closes them. */
    record Ports(
            RecordSender<StepTelemetry> telemetry,
            CommandSource commands,
            RecordSender<InterventionOutcome> outcomes) {}

    /** A sidecar on the system's clock that counts nothing. */
    public Sidecar(SidecarConfig config) {
        this(config, SidecarMetrics.NOOP);
    }

    /** A sidecar on the system's clock. */
    public Sidecar(SidecarConfig config, SidecarMetrics metrics) {
        this(config, metrics, SystemClock.INSTANCE);
    }

    private Sidecar(SidecarConfig config, SidecarMetrics metrics, SidecarClock clock) {
        this(config, new KafkaClients(config).ports(metrics, clock), metrics, clock);
    }

    Sidecar(SidecarConfig config, Ports ports, SidecarMetrics metrics, SidecarClock clock) {
        this.config = config;
        this.ports = ports;
        this.metrics = metrics;
        this.clock = clock;
    }

    /** Starts, then waits until it is closed. */
    public void run() throws IOException, InterruptedException {
        start();
        closed.await();
    }

    /**
     * Starts to listen.
     *
     * @return itself
     * @throws IOException with one line that says what to do, when the state folder or the socket cannot be used; nothing runs then
     */
    public Sidecar start() throws IOException {
        try {
            CommandLog log = opened(CommandLog.open(config.stateFolder()));
            OutcomeReporter outcomes =
                    opened(new OutcomeReporter(ports.outcomes(), log, config.outcomesQueueRecords(), metrics));
            TelemetryReporter reporter = opened(new TelemetryReporter(
                    ports.telemetry(), config.telemetryQueueRecords(), config.recordBytes(), metrics, clock));
            CommandSource source = opened(ports.commands());
            listen(reporter, new CommandExecution.Shared(log, outcomes, clock), source);
            return this;
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private void listen(TelemetryReporter reporter, CommandExecution.Shared commands, CommandSource source)
            throws IOException {
        Path socket = config.socket().toAbsolutePath();
        Path folder = socket.resolveSibling("");
        MatrixBackend backend = config.backend().open();
        if (backend instanceof DeviceBackend device) {
            opened(device);
        }
        SessionServices services = new SessionServices(
                folder,
                reporter,
                commands,
                source,
                backend,
                metrics,
                clock,
                config.commandTimeoutMs(),
                config.sampling(),
                new ShadowStore(config.shadows().within(Runtime.getRuntime().maxMemory()), metrics));
        TrainerSessions sessions = new TrainerSessions();
        opened(HookServer.open(
                socket, AllowedUsers.of(config.allowedUsers()), link -> new HookSession(link, sessions, services)));
        reporter.start();
        commands.outcomes().start();
        source.start(sessions);
        LOG.info("listening on {} with {}", socket, services.backend().name());
    }

    /** Where hooks connect. */
    public Path socket() {
        return config.socket();
    }

    /** Stops listening, ends all sessions and gives what is on its way a bounded time; trainers go on without. */
    @Override
    public synchronized void close() {
        while (!running.isEmpty()) {
            try {
                running.pop().close();
            } catch (Exception e) {
                LOG.warn("closing: {}", e.getMessage());
            }
        }
        closed.countDown();
    }

    private synchronized <T extends AutoCloseable> T opened(T part) {
        running.push(part);
        return part;
    }
}
