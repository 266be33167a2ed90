package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.feed.FeedState;
import io.javalin.http.ServiceUnavailableResponse;
import io.javalin.http.sse.SseClient;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells browsers, by server-sent events, which runs have changed; they then ask for what they show. A hint instead of the data: whoever was away asks once and
 * has missed nothing. Event {@code changed} comes at most twice a second, and every few seconds also when nothing has changed, so that silence means that the connection
 * is gone. A client that is slow to take one event gets the next ones as one.
 */
final class LiveStream implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LiveStream.class);
    private static final int MOST_CLIENTS = 64;
    private static final int TICK_MS = 500;
    private static final int TICKS_PER_BEAT = 10;

    private final Sources sources;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "view-stream"));
    private final ExecutorService senders = Executors.newCachedThreadPool(task -> daemon(task, "view-stream-send"));
    private final Set<Client> clients = ConcurrentHashMap.newKeySet();
    private int ticks;

    LiveStream(Sources sources) {
        this.sources = sources;
    }

    /** What changed since the last event, the time here, and whether it can be trusted. */
    private record Change(List<String> runs, long serverTimeMs, FeedState feed) {}

    /** One browser: what it has not been told yet, and whether an event is on its way. */
    private record Client(SseClient connection, Set<String> untold, AtomicBoolean isBusy) {

        void tell(Sources sources) {
            List<String> runs = List.copyOf(untold);
            runs.forEach(untold::remove);
            byte[] json = Json.bytes(
                    new Change(runs, sources.clock().millis(), sources.feed().get()));
            connection.sendEvent("changed", new String(json, StandardCharsets.UTF_8));
        }
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    void start() {
        var unused = timer.scheduleWithFixedDelay(this::tick, TICK_MS, TICK_MS, TimeUnit.MILLISECONDS);
    }

    /** Takes one more browser. Errors: {@link ServiceUnavailableResponse} when there are too many. */
    void accept(SseClient connection) {
        if (clients.size() >= MOST_CLIENTS) {
            throw new ServiceUnavailableResponse("too many open dashboards: close one");
        }
        Client client = new Client(connection, ConcurrentHashMap.newKeySet(), new AtomicBoolean());
        connection.keepAlive();
        connection.onClose(() -> clients.remove(client));
        clients.add(client);
        send(client);
    }

    private void tick() {
        try {
            List<String> changed = sources.fleet().takeChanged();
            boolean isBeat = ++ticks % TICKS_PER_BEAT == 0;
            for (Client client : clients) {
                client.untold().addAll(changed);
                if (isBeat || !client.untold().isEmpty()) {
                    send(client);
                }
            }
        } catch (RuntimeException e) {
            LOG.warn("live updates", e);
        }
    }

    private void send(Client client) {
        if (client.isBusy().compareAndSet(false, true)) {
            senders.execute(() -> {
                client.tell(sources);
                client.isBusy().set(false);
            });
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        clients.forEach(client -> client.connection().close());
        senders.shutdownNow();
    }
}
