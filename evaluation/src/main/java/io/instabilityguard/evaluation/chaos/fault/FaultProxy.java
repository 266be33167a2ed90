package io.instabilityguard.evaluation.chaos.fault;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between clients and one server on the loopback interface and passes on what they say, as well as its mode lets it. Two threads per connection: for
 * tests. Any thread.
 */
public final class FaultProxy implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(FaultProxy.class);
    private static final int BUFFER = 1 << 16;
    private static final int DRIBBLE = 1 << 10;
    private static final long DELAY_MS = 120;
    private static final long DRIBBLE_MS = 40;

    /** How it behaves. */
    public enum Mode {
        /** Passes everything on. */
        PASS,
        /** Passes everything on, each piece 120 ms late. */
        DELAY,
        /** Passes 1 KiB on every 40 ms. */
        SLOW_DRAIN,
        /** Keeps connections and takes new ones, but passes nothing on. Those connections break when it does something else. */
        HALF_OPEN,
        /** Breaks all connections and closes new ones at once. */
        CUT
    }

    private final ServerSocket server;
    private final int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private Mode mode = Mode.PASS;
    private boolean closed;

    private FaultProxy(ServerSocket server, int target) {
        this.server = server;
        this.target = target;
    }

    /** A proxy, on a free port, for what listens on that port or will do so. */
    public static FaultProxy to(int target) {
        try {
            FaultProxy proxy = new FaultProxy(new ServerSocket(0, 128, InetAddress.getLoopbackAddress()), target);
            start("proxy-" + target, proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException("no free port on the loopback interface", e);
        }
    }

    /** Where clients connect. */
    public int port() {
        return server.getLocalPort();
    }

    /** Behaves like this from now on. */
    public synchronized void become(Mode next) {
        boolean breaks = next == Mode.CUT || (mode == Mode.HALF_OPEN && next != Mode.HALF_OPEN);
        mode = next;
        notifyAll();
        if (breaks) {
            breakAll();
        }
    }

    private void breakAll() {
        sockets.forEach(FaultProxy::closeQuietly);
        sockets.clear();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                connect(server.accept());
            } catch (IOException e) {
                LOGGER.debug("no connection", e);
            }
        }
    }

    private void connect(Socket client) throws IOException {
        if (!take(client)) {
            return;
        }
        Socket upstream;
        try {
            upstream = new Socket(InetAddress.getLoopbackAddress(), target);
        } catch (IOException e) {
            sockets.remove(client);
            closeQuietly(client);
            throw e;
        }
        if (take(upstream)) {
            client.setTcpNoDelay(true);
            upstream.setTcpNoDelay(true);
            start("proxy-" + target + "-to", () -> pass(client, upstream));
            start("proxy-" + target + "-from", () -> pass(upstream, client));
        } else {
            closeQuietly(client);
        }
    }

    private synchronized boolean take(Socket socket) {
        if (mode == Mode.CUT || closed) {
            closeQuietly(socket);
            return false;
        }
        return sockets.add(socket);
    }

    private void pass(Socket from, Socket to) {
        byte[] buffer = new byte[BUFFER];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = read(in, buffer); read >= 0; read = read(in, buffer)) {
                hold();
                out.write(buffer, 0, read);
            }
        } catch (IOException e) {
            LOGGER.trace("a connection ended", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    private int read(InputStream in, byte[] buffer) throws IOException {
        return in.read(buffer, 0, current() == Mode.SLOW_DRAIN ? DRIBBLE : BUFFER);
    }

    private synchronized Mode current() {
        return mode;
    }

    /** Keeps what was read back for as long as the mode says. */
    private void hold() throws InterruptedException {
        switch (current()) {
            case DELAY -> Thread.sleep(DELAY_MS);
            case SLOW_DRAIN -> Thread.sleep(DRIBBLE_MS);
            case HALF_OPEN -> awaitEndOfSilence();
            case PASS, CUT -> {}
        }
    }

    private synchronized void awaitEndOfSilence() throws InterruptedException {
        while (mode == Mode.HALF_OPEN && !closed) {
            wait();
        }
    }

    private static void start(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void closeQuietly(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) { // AutoCloseable declares it
            LOGGER.trace("closing", e);
        }
    }

    /** Stops listening and breaks all connections. */
    @Override
    public synchronized void close() {
        closed = true;
        closeQuietly(server);
        breakAll();
        notifyAll();
    }
}
