package io.instabilityguard.sidecar.frame;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.Optional;

/**
 * Frames over a byte channel: a 4-byte big-endian unsigned length, then that many bytes, at most
 * {@link MessageCodec#MAX_BYTES}. One thread may read while another writes.
 */
public final class FrameStream {
    private static final int LENGTH_BYTES = Integer.BYTES;

    private final ByteChannel channel;
    private final ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES);

    /** Frames over this blocking channel. */
    public FrameStream(ByteChannel channel) {
        this.channel = channel;
    }

    /**
     * Waits for the next frame. Empty at the end of the stream, also in the middle of a frame: the other side died.
     *
     * @throws ProtocolException when the length is out of bounds; the stream is unusable then
     */
    public Optional<byte[]> read() throws IOException, ProtocolException {
        if (!fill(length.clear())) {
            return Optional.empty();
        }
        long bytes = Integer.toUnsignedLong(length.getInt(0));
        if (bytes == 0 || bytes > MessageCodec.MAX_BYTES) {
            throw new ProtocolException(
                    "a message of " + bytes + " bytes; must be between 1 and " + MessageCodec.MAX_BYTES);
        }
        ByteBuffer body = ByteBuffer.allocate((int) bytes);
        return fill(body) ? Optional.of(body.array()) : Optional.empty();
    }

    /** Writes one frame, however long the other side takes. */
    public void write(byte[] body) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(LENGTH_BYTES + body.length);
        frame.putInt(body.length).put(body).flip();
        while (frame.hasRemaining()) {
            channel.write(frame);
        }
    }

    private boolean fill(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                return false;
            }
        }
        return true;
    }
}
