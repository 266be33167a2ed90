package io.instabilityguard.sidecar.frame;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A STEP without a sample or further fields, as nearly all are: the byte 1, then step, loss, gradient norm, learning rate, its scale, largest attention logit, skipped
 * samples, dropped messages, hook microseconds, step and wait milliseconds, each in eight bytes, big-endian. As text they would cost the trainer a quarter of its call.
 */
final class PlainStep {
    private static final byte MARK = 1;
    private static final int BYTES = 1 + 11 * Long.BYTES;

    private PlainStep() {}

    /** Whether a message begins as one; one of JSON begins otherwise. */
    static boolean isMeant(byte[] message) {
        return message.length > 0 && message[0] == MARK;
    }

    /** The step; the reason is one line when it is none. */
    static HookMessage.Step decode(byte[] message) throws ProtocolException {
        if (message.length != BYTES) {
            throw new ProtocolException(
                    "not a message: a plain STEP of " + message.length + " bytes, must be " + BYTES);
        }
        try {
            return step(ByteBuffer.wrap(message, 1, BYTES - 1));
        } catch (IllegalArgumentException e) {
            throw new ProtocolException("not a message: " + e.getMessage());
        }
    }

    private static HookMessage.Step step(ByteBuffer in) {
        return new HookMessage.Step(
                in.getLong(),
                in.getDouble(),
                in.getDouble(),
                in.getDouble(),
                in.getDouble(),
                in.getDouble(),
                false,
                in.getLong(),
                in.getLong(),
                in.getDouble(),
                in.getDouble(),
                in.getDouble(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                "");
    }
}
