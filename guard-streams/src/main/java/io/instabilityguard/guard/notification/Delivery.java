package io.instabilityguard.guard.notification;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends requests to one receiver, in their order, on a thread of its own: whoever hands them over never waits. What does not fit into the queue is dropped and counted; what fails is tried
 * three times, then counted.
 */
final class Delivery implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);
    private static final int MOST_WAITING = 100;
    private static final int ATTEMPTS = 3;
    private static final long RETRY_MS = 1_000;
    private static final long CLOSE_MS = 2_000;
    private static final int SUCCESS = 2;
    private static final int SERVER_ERROR = 5;
    private static final int TOO_MANY = 429;
    private static final int PER_CLASS = 100;

    private final Receiver receiver;
    private final HttpClient client;
    private final BlockingQueue<HttpRequest> queue = new ArrayBlockingQueue<>(MOST_WAITING);
    private final LongAdder sent = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final Thread thread;

    Delivery(Receiver receiver, HttpClient client) {
        this.receiver = receiver;
        this.client = client;
        thread = new Thread(this::sendAll, "notify-" + receiver.name());
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    Receiver receiver() {
        return receiver;
    }

    /** Takes a request or drops it. */
    void offer(HttpRequest request) {
        if (!queue.offer(request)) {
            dropped.increment();
        }
    }

    long sent() {
        return sent.sum();
    }

    long failed() {
        return failed.sum();
    }

    long dropped() {
        return dropped.sum();
    }

    private void sendAll() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                send(queue.take());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(HttpRequest request) throws InterruptedException {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            int status = status(request);
            if (status / PER_CLASS == SUCCESS) {
                sent.increment();
                return;
            }
            if (status / PER_CLASS != SERVER_ERROR && status != TOO_MANY && status != 0) {
                break;
            }
            Thread.sleep(RETRY_MS * attempt);
        }
        failed.increment();
    }

    /** What the receiver answered; 0 when it did not. Neither address nor body is logged: the address may be a secret. */
    private int status(HttpRequest request) throws InterruptedException {
        try {
            int status = client.send(request, BodyHandlers.discarding()).statusCode();
            if (status / PER_CLASS != SUCCESS) {
                LOG.warn("{} refused a notification with status {}", receiver.name(), status);
            }
            return status;
        } catch (IOException e) {
            LOG.warn("{} cannot be notified: {}", receiver.name(), e.getClass().getSimpleName());
            return 0;
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(CLOSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
