package io.instabilityguard.evaluation.broker;

import io.instabilityguard.evaluation.UserError;
import java.net.BindException;
import java.nio.file.Path;
import java.time.Duration;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Kafka node (KRaft: broker and controller) in this JVM, reachable from this machine only. Its records live in a
 * folder of its own and are there again after a restart, also after a crash and also on another port.
 */
public final class EmbeddedBroker implements AutoCloseable {
    /** Ask for any free port. */
    public static final int ANY_PORT = 0;

    private static final Logger LOGGER = LoggerFactory.getLogger(EmbeddedBroker.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(15);
    private static final int ATTEMPTS = 5;

    private final BrokerSettings settings;
    private final KafkaRaftServer server;

    private EmbeddedBroker(BrokerSettings settings, KafkaRaftServer server) {
        this.settings = settings;
        this.server = server;
    }

    /**
     * Starts a broker.
     *
     * @param folder where its records live; created and formatted when new
     * @param port where clients connect, or {@link #ANY_PORT}
     * @throws UserError when the port is taken or the folder cannot be used
     */
    public static EmbeddedBroker start(Path folder, int port) {
        if (port != ANY_PORT && FreePort.isTaken(port)) {
            throw UserError.environment(
                    "port " + port + " is busy: stop what listens there, or choose another with --port");
        }
        BrokerFolder.format(BrokerSettings.alone(folder, BrokerSettings.Ports.withClients(port)));
        for (int attempt = 1; ; attempt++) {
            try {
                int clients = port == ANY_PORT ? FreePort.any() : port;
                return startOn(BrokerSettings.alone(folder, BrokerSettings.Ports.withClients(clients)));
            } catch (RuntimeException e) {
                if (attempt == ATTEMPTS || !isBindFailure(e)) {
                    throw e;
                }
                LOGGER.debug("a port was taken in the meantime, trying again", e);
            }
        }
    }

    private static EmbeddedBroker startOn(BrokerSettings settings) {
        KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(settings.properties(), false), Time.SYSTEM);
        try {
            server.startup();
        } catch (RuntimeException e) {
            server.shutdown();
            throw e;
        }
        return new EmbeddedBroker(settings, server);
    }

    private static boolean isBindFailure(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return true;
            }
        }
        return false;
    }

    /** Where clients connect: {@code 127.0.0.1:port}. */
    public String bootstrapServers() {
        return settings.bootstrapServers();
    }

    /** The port clients connect to. */
    public int port() {
        return settings.ports().clients();
    }

    /** Stops the broker; gives up waiting after 15 seconds and says so in the log. */
    @Override
    public void close() {
        Thread closer = new Thread(this::stop, "broker-close");
        closer.setDaemon(true);
        closer.start();
        try {
            closer.join(CLOSE_TIMEOUT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (closer.isAlive()) {
            LOGGER.warn("the broker did not stop within {} s; going on without waiting", CLOSE_TIMEOUT.toSeconds());
        }
    }

    private void stop() {
        server.shutdown();
        server.awaitShutdown();
    }
}
