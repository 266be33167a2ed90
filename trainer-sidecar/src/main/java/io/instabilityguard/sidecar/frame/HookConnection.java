package io.instabilityguard.sidecar.frame;

import io.instabilityguard.sidecar.errors.DistinctErrors;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a hook. One thread reads and hands each message on; another writes from a bounded queue, so that a
 * hook that does not read can never block the sidecar: when the queue is full the connection is closed.
 */
public final class HookConnection implements HookLink {
    private static final Logger LOG = LoggerFactory.getLogger(HookConnection.class);
    private static final int QUEUE_MESSAGES = 256;
    private static final long FLUSH_MILLIS = 1_000;
    private static final long POLL_MILLIS = 100;

    private final SocketChannel channel;
    private final FrameStream frames;
    private final String name;
    private final BlockingQueue<SidecarMessage> outbox = new ArrayBlockingQueue<>(QUEUE_MESSAGES);
    private final AtomicBoolean closing = new AtomicBoolean();
    private final Thread writer;

    HookConnection(SocketChannel channel, String name) {
        this.channel = channel;
        this.frames = new FrameStream(channel);
        this.name = name;
        this.writer = new Thread(this::writeAll, name + "-writer");
        writer.setDaemon(true);
    }

    /** Reads until the other side dies, breaks the protocol or the connection is closed; then tells the listener. */
    void serve(HookListener listener) {
        writer.start();
        try {
            readAll(listener);
        } catch (ProtocolException e) {
            LOG.warn("{}: refused: {}", name, e.getMessage());
            refuse(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            LOG.debug("{}: {}", name, DistinctErrors.describe(e));
        } finally {
            listener.onClosed();
            drain();
        }
    }

    private void readAll(HookListener listener) throws IOException, ProtocolException {
        for (Optional<byte[]> frame = frames.read(); frame.isPresent(); frame = frames.read()) {
            if (closing.get()) {
                return;
            }
            listener.onMessage(MessageCodec.decodeHook(frame.get()));
        }
    }

    @Override
    public void send(SidecarMessage message) {
        if (!closing.get() && !outbox.offer(message)) {
            LOG.warn("{}: the hook does not read; closed with {} messages waiting", name, outbox.size());
            close();
        }
    }

    @Override
    public void refuse(String reason) {
        send(new SidecarMessage.Refused(reason));
        closing.set(true);
    }

    @Override
    public void close() {
        closing.set(true);
        outbox.clear();
        closeChannel();
    }

    /** Gives the writer a bounded time for what is still to be said, then closes. */
    void drain() {
        closing.set(true);
        try {
            writer.join(FLUSH_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            closeChannel();
        }
    }

    private void writeAll() {
        try {
            for (SidecarMessage next = next(); next != null || !closing.get(); next = next()) {
                if (next != null) {
                    frames.write(MessageCodec.encode(next));
                }
            }
        } catch (IOException e) {
            LOG.debug("{}: {}", name, DistinctErrors.describe(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            closeChannel();
        }
    }

    private @Nullable SidecarMessage next() throws InterruptedException {
        return outbox.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void closeChannel() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("{}: {}", name, DistinctErrors.describe(e));
        }
    }
}
