package io.instabilityguard.sidecar.frame;

import io.instabilityguard.sidecar.errors.DistinctErrors;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens on the Unix domain socket and serves each hook on its own threads. */
public final class HookServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HookServer.class);
    private static final int MAX_CONNECTIONS = 256;
    private static final long CLOSE_MILLIS = 2_000;
    private static final long RETRY_NANOS = 100_000_000;

    private final SocketFile socket;
    private final ServerSocketChannel channel;
    private final AllowedUsers allowed;
    private final Function<HookLink, HookListener> listeners;
    private final Map<HookConnection, Thread> connections = new ConcurrentHashMap<>();
    private final DistinctErrors errors = new DistinctErrors(LOG);
    private final Thread acceptor = new Thread(this::acceptAll, "sidecar-accept");
    private long accepted;

    private HookServer(
            SocketFile socket,
            ServerSocketChannel channel,
            AllowedUsers allowed,
            Function<HookLink, HookListener> listeners) {
        this.socket = socket;
        this.channel = channel;
        this.allowed = allowed;
        this.listeners = listeners;
    }

    /**
     * Starts to listen.
     *
     * @param allowed whose processes may connect
     * @param listeners makes the sidecar's side of a new connection
     * @throws IOException with one line that says what to do, when the socket cannot be had
     */
    public static HookServer open(Path path, AllowedUsers allowed, Function<HookLink, HookListener> listeners)
            throws IOException {
        SocketFile socket = SocketFile.prepare(path);
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            channel.close();
            throw new IOException("cannot listen on " + path + ": " + DistinctErrors.describe(e), e);
        }
        HookServer server = new HookServer(socket, channel, allowed, listeners);
        server.acceptor.setDaemon(true);
        server.acceptor.start();
        return server;
    }

    /** Closes the socket and every connection, in bounded time. */
    @Override
    public void close() {
        try {
            channel.close();
            socket.remove();
        } catch (IOException e) {
            errors.warn("closing the socket", e);
        }
        Map<HookConnection, Thread> open = Map.copyOf(connections);
        open.keySet().forEach(HookConnection::close);
        join(open.values());
    }

    private static void join(Iterable<Thread> threads) {
        long deadline = System.nanoTime() + CLOSE_MILLIS * 1_000_000;
        try {
            for (Thread thread : threads) {
                thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void acceptAll() {
        while (channel.isOpen()) {
            try {
                accept(channel.accept());
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                errors.warn("accepting a hook", e);
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    private void accept(SocketChannel hook) {
        String name = "hook-" + ++accepted;
        HookConnection connection = new HookConnection(hook, name);
        Optional<String> refusal = allowed.refusalOf(hook);
        Thread reader = new Thread(() -> serve(connection, refusal), name);
        reader.setDaemon(true);
        connections.put(connection, reader);
        reader.start();
    }

    private void serve(HookConnection connection, Optional<String> refusal) {
        try {
            connection.serve(listener(connection, refusal));
        } catch (RuntimeException e) {
            errors.warn("a session ended", e);
        } finally {
            connection.close();
            connections.remove(connection);
        }
    }

    private HookListener listener(HookConnection connection, Optional<String> refusal) {
        if (refusal.isPresent()) {
            return new Refusal(refusal.get());
        }
        return connections.size() > MAX_CONNECTIONS
                ? new Refusal("this sidecar serves " + MAX_CONNECTIONS + " sessions already")
                : listeners.apply(connection);
    }

    /** Says no to whatever comes first. */
    private record Refusal(String reason) implements HookListener {
        @Override
        public void onMessage(HookMessage message) throws ProtocolException {
            throw new ProtocolException(reason);
        }

        @Override
        public void onClosed() {}
    }
}
