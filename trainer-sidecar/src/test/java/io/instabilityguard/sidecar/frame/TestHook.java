package io.instabilityguard.sidecar.frame;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** The hook's side of a real socket, as a test speaks it: blocking. */
public final class TestHook implements AutoCloseable {
    private final SocketChannel channel;
    private final FrameStream frames;

    private TestHook(SocketChannel channel) {
        this.channel = channel;
        this.frames = new FrameStream(channel);
    }

    public static TestHook connect(Path socket) throws IOException {
        return new TestHook(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
    }

    public void send(HookMessage message) throws IOException {
        frames.write(MessageCodec.encode(message));
    }

    public void sendRaw(ByteBuffer bytes) throws IOException {
        channel.write(bytes);
    }

    /** Waits for the sidecar's next message. */
    public SidecarMessage next() throws Exception {
        return MessageCodec.decodeSidecar(
                frames.read().orElseThrow(() -> new AssertionError("the sidecar closed the connection")));
    }

    /** Waits for the next message, which must be of this type. */
    public <M extends SidecarMessage> M next(Class<M> type) throws Exception {
        SidecarMessage message = next();
        if (!type.isInstance(message)) {
            throw new AssertionError("expected " + type.getSimpleName() + " but was " + message);
        }
        return type.cast(message);
    }

    /** Waits for the end of the connection; false when a message comes instead. */
    public boolean isAtEnd() throws Exception {
        try {
            return frames.read().isEmpty();
        } catch (IOException reset) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
