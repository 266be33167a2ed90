package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import io.instabilityguard.sidecar.frame.StagedFiles;
import io.instabilityguard.sidecar.frame.TestHook;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;

/** A hook with two 2 x 2 float32 matrices, "query" and "key", and what else is asked for, in a real staging file. */
final class StagedHook implements AutoCloseable {
    private static int files;

    final TestHook wire;
    final Path staging;
    final Hello hello;

    private StagedHook(TestHook wire, Path staging, Hello hello) {
        this.wire = wire;
        this.staging = staging;
        this.hello = hello;
    }

    /** Connects, stages zeros and says HELLO; the answer is not read yet. */
    static StagedHook connect(Path socket, long generation, UnaryOperator<Messages.HelloBuilder> more)
            throws IOException {
        Path file = socket.resolveSibling("staging-1-%08x".formatted(++files));
        Hello hello = StagedFiles.write(
                file,
                more.apply(Messages.hello("run-1", generation)
                        .matrix("query", Hello.Role.QUERY, 2, 2, "float32")
                        .matrix("key", Hello.Role.KEY, 2, 2, "float32")));
        TestHook wire = TestHook.connect(socket);
        wire.send(hello);
        return new StagedHook(wire, file, hello);
    }

    /** As {@link #connect}, and welcomed. */
    static StagedHook attach(Path socket, long generation, UnaryOperator<Messages.HelloBuilder> more) throws Exception {
        StagedHook hook = connect(socket, generation, more);
        hook.wire.next(SidecarMessage.Welcome.class);
        return hook;
    }

    /** Puts float32 values at the beginning of a slot. */
    void stage(int slot, float... values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        stageBytes(slot, bytes.array());
    }

    void stageBytes(int slot, byte... bytes) throws IOException {
        byte[] content = Files.readAllBytes(staging);
        System.arraycopy(bytes, 0, content, (int) hello.slots().get(slot).offset(), bytes.length);
        Files.write(staging, content);
    }

    /** The first four float32 values of a slot. */
    float[] staged(int slot) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(stagedBytes(slot)).order(ByteOrder.LITTLE_ENDIAN);
        return new float[] {bytes.getFloat(), bytes.getFloat(), bytes.getFloat(), bytes.getFloat()};
    }

    byte[] stagedBytes(int slot) throws IOException {
        int offset = (int) hello.slots().get(slot).offset();
        return Arrays.copyOfRange(
                Files.readAllBytes(staging),
                offset,
                offset + hello.slots().get(slot).bytes());
    }

    long crc32(int slot) throws IOException {
        CRC32 crc32 = new CRC32();
        crc32.update(stagedBytes(slot));
        return crc32.getValue();
    }

    void send(HookMessage message) throws IOException {
        wire.send(message);
    }

    @Override
    public void close() throws IOException {
        wire.close();
    }
}
