package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.schemas.MatrixRole;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.stream.DoubleStream;

/**
 * A {@link RunWatch} as bytes: version, policy hash, generation, number of records, roster, then all numbers of its memory. Numbers learned under another
 * policy are not read, since they would mean something else: baselines are then learned anew.
 */
final class WatchSnapshot {

    static final int VERSION = 3;

    private WatchSnapshot() {}

    static byte[] of(RunWatch watch, Policy policy) {
        try (ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(VERSION);
            out.writeUTF(policy.hash());
            out.writeLong(watch.generation());
            out.writeLong(watch.kept());
            writeRoster(out, watch.roster());
            DoubleStream.Builder numbers = DoubleStream.builder();
            watch.save(numbers);
            double[] memory = numbers.build().toArray();
            out.writeInt(memory.length);
            for (double number : memory) {
                out.writeDouble(number);
            }
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
    }

    /** The version of the guard's format in which a snapshot was written; this guard reads {@link #VERSION} only. */
    static int versionOf(byte[] bytes) {
        return ByteBuffer.wrap(bytes).getInt();
    }

    static RunWatch restore(byte[] bytes, Policy policy) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            int version = in.readInt();
            if (version != VERSION) {
                throw new IllegalStateException("snapshot version " + version + ", this guard reads " + VERSION);
            }
            boolean samePolicy = in.readUTF().equals(policy.hash());
            long generation = in.readLong();
            long kept = in.readLong();
            RunWatch watch = new RunWatch(
                    policy, generation, readRoster(in, policy.limits().layers()));
            double[] memory = readNumbers(in);
            if (samePolicy) {
                watch.load(DoubleStream.of(memory).iterator()::nextDouble);
            }
            watch.resumeAt(kept);
            return watch;
        } catch (IOException e) {
            throw new UncheckedIOException("a snapshot in the store is torn", e);
        }
    }

    private static void writeRoster(DataOutputStream out, Roster roster) throws IOException {
        out.writeInt(roster.members().size());
        for (Roster.Member member : roster.members()) {
            out.writeUTF(member.name());
            out.writeUTF(member.role().name());
            out.writeInt(member.depth());
        }
    }

    private static Roster readRoster(DataInputStream in, int most) throws IOException {
        Roster roster = new Roster(most);
        int size = in.readInt();
        for (int i = 0; i < size; i++) {
            roster.enter(new Roster.Member(in.readUTF(), MatrixRole.valueOf(in.readUTF()), in.readInt()));
        }
        return roster;
    }

    private static double[] readNumbers(DataInputStream in) throws IOException {
        double[] numbers = new double[in.readInt()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = in.readDouble();
        }
        return numbers;
    }
}
