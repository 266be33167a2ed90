package io.instabilityguard.guard.feed;

import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread with a consumer of its own, which it opens anew a second after Kafka failed, until it is closed. */
public final class ConsumerThread implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ConsumerThread.class);
    private static final long RETRY_MS = 1_000;
    private static final long CLOSE_MS = 5_000;

    private final String name;
    private final Map<String, Object> settings;
    private final Work work;
    private final Consumer<KafkaException> onFailure;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile @Nullable KafkaConsumer<String, byte[]> consumer;

    /** What is done with a consumer, from its opening until {@link ConsumerThread#isClosing()}. */
    @FunctionalInterface
    public interface Work {

        /** Reads. Errors: {@link KafkaException}, after which it is called again with a new consumer. */
        void with(KafkaConsumer<String, byte[]> opened);
    }

    /**
     * Does nothing yet.
     *
     * @param name of the thread
     * @param onFailure hears of every failure
     */
    public ConsumerThread(String name, Map<String, Object> settings, Work work, Consumer<KafkaException> onFailure) {
        this.name = name;
        this.settings = Map.copyOf(settings);
        this.work = work;
        this.onFailure = onFailure;
        thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    /** Works from now on. */
    public void start() {
        thread.start();
    }

    /** Whether the work is to end. */
    public boolean isClosing() {
        return closing.getCount() == 0;
    }

    private void run() {
        while (!isClosing()) {
            try (KafkaConsumer<String, byte[]> opened =
                    new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
                consumer = opened;
                work.with(opened);
            } catch (WakeupException e) {
                LOG.debug("closing", e);
            } catch (KafkaException e) {
                LOG.warn("{} cannot read the topics and tries again: {}", name, e.getMessage());
                onFailure.accept(e);
            }
            pause();
        }
    }

    private void pause() {
        try {
            if (closing.await(RETRY_MS, TimeUnit.MILLISECONDS)) {
                LOG.debug("{} ends", name);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closing.countDown();
        }
    }

    /** Ends the work; waits at most five seconds for it. */
    @Override
    public void close() {
        closing.countDown();
        KafkaConsumer<String, byte[]> open = consumer;
        if (open != null) {
            open.wakeup();
        }
        try {
            thread.join(CLOSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
