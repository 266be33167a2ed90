package io.instabilityguard.evaluation.fuzz;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ContainerNode;
import io.instabilityguard.sidecar.frame.FrameStream;
import io.instabilityguard.sidecar.frame.MessageCodec;
import io.instabilityguard.sidecar.frame.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** The socket between trainer and sidecar: frames, and the messages in them, of both directions. */
final class MessageTarget implements Target {
    /** Bare words for numbers that are not finite, as the protocol has it. */
    static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
            .build();

    private static final int MOST_FRAMES = 3;
    private static final byte[] PLAIN_STEP = Arrays.copyOf(new byte[] {1}, 89);

    private final List<byte[]> samples;
    private final List<ContainerNode<?>> trees = new ArrayList<>();

    /** Starts from these messages. */
    MessageTarget(List<byte[]> samples) throws IOException {
        this.samples = samples;
        for (byte[] sample : samples) {
            trees.add((ContainerNode<?>) JSON.readTree(sample));
        }
    }

    @Override
    public String name() {
        return "message";
    }

    @Override
    public byte[] input(RandomGenerator random) {
        ByteBuffer stream = ByteBuffer.allocate(0);
        for (int frames = random.nextInt(MOST_FRAMES); frames >= 0; frames--) {
            byte[] body = body(random);
            stream = ByteBuffer.allocate(stream.capacity() + Integer.BYTES + body.length)
                    .put(stream.array())
                    .putInt(body.length)
                    .put(body);
        }
        byte[] bytes = stream.array();
        return random.nextInt(8) == 0 ? ByteMutation.mutate(bytes, 0, samples, random) : bytes;
    }

    private byte[] body(RandomGenerator random) {
        int sample = random.nextInt(samples.size());
        return switch (random.nextInt(8)) {
            case 0 -> ByteMutation.noise(random);
            case 1 -> samples.get(sample);
            case 2 -> ByteMutation.mutate(PLAIN_STEP, 0, samples, random);
            case 3 -> ByteMutation.mutate(samples.get(sample), 0, samples, random);
            default -> bytes(JsonMutation.mutate(trees.get(sample), random));
        };
    }

    /** The bytes of a tree; {@code {}} for one that cannot be written, such as half a surrogate pair. */
    static byte[] bytes(JsonNode tree) {
        try {
            return JSON.writeValueAsBytes(tree);
        } catch (JsonProcessingException e) {
            return new byte[] {'{', '}'};
        }
    }

    /** As a connection does: to the end, or to the first message that is none. */
    @Override
    public void read(byte[] input) throws IOException, ProtocolException {
        FrameStream frames = new FrameStream(new Arriving(input));
        for (Optional<byte[]> frame = frames.read(); frame.isPresent(); frame = frames.read()) {
            byte[] body = frame.get();
            try {
                MessageCodec.decodeHook(body);
            } catch (ProtocolException e) {
                MessageCodec.decodeSidecar(body);
            }
        }
    }

    @Override
    public Optional<String> refusal(Exception e) {
        return e instanceof ProtocolException ? Optional.ofNullable(e.getMessage()) : Optional.empty();
    }

    /** Bytes that arrive in pieces of up to seven. */
    private static final class Arriving implements ByteChannel {
        private static final int PIECE = 7;

        private final ByteBuffer bytes;

        Arriving(byte[] bytes) {
            this.bytes = ByteBuffer.wrap(bytes);
        }

        @Override
        public int read(ByteBuffer target) {
            int count = Math.min(PIECE, Math.min(bytes.remaining(), target.remaining()));
            if (count == 0) {
                return -1;
            }
            target.put(bytes.slice(bytes.position(), count));
            bytes.position(bytes.position() + count);
            return count;
        }

        @Override
        public int write(ByteBuffer source) {
            throw new UnsupportedOperationException("nothing is written");
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
