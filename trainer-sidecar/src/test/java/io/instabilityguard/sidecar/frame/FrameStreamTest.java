package io.instabilityguard.sidecar.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameStreamTest {
    @Test
    void shouldReadFramesThatArriveByteByByte() throws Exception {
        Trickle channel = new Trickle(new byte[] {0, 0, 0, 2, 'h', 'i', 0, 0, 0, 1, '!'});
        FrameStream frames = new FrameStream(channel);

        assertThat(frames.read()).hasValue(new byte[] {'h', 'i'});
        assertThat(frames.read()).hasValue(new byte[] {'!'});
        assertThat(frames.read()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5})
    void shouldTakeAnEndWithinAFrameForTheEnd(int length) throws Exception {
        byte[] cut = Arrays.copyOf(new byte[] {0, 0, 0, 2, 'h', 'i'}, length);

        assertThat(new FrameStream(new Trickle(cut)).read()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, MessageCodec.MAX_BYTES + 1})
    void shouldRefuseALengthOutOfBoundsWithoutReadingOn(int length) {
        byte[] bytes = ByteBuffer.allocate(4).putInt(length).array();

        assertThatThrownBy(() -> new FrameStream(new Trickle(bytes)).read())
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining(Integer.toUnsignedString(length));
    }

    @Test
    void shouldWriteTheLengthFirst() throws Exception {
        Trickle channel = new Trickle(new byte[0]);

        new FrameStream(channel).write(new byte[] {'h', 'i'});

        assertThat(channel.written.toByteArray()).containsExactly(0, 0, 0, 2, 'h', 'i');
    }

    /** Gives and takes one byte at a time. */
    private static final class Trickle implements ByteChannel {
        private final ByteBuffer content;
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();

        Trickle(byte[] content) {
            this.content = ByteBuffer.wrap(content);
        }

        @Override
        public int read(ByteBuffer target) {
            if (!content.hasRemaining()) {
                return -1;
            }
            target.put(content.get());
            return 1;
        }

        @Override
        public int write(ByteBuffer source) {
            written.write(source.get());
            return 1;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
