package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.schemas.MatrixRole;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.PrimitiveIterator;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * A {@link RunWatch} as bytes: version, policy hash, generation, number of records, roster, then all numbers of its memory. They are read under the policy
 * with that hash, since they would mean something else under another one; when it is not known, baselines are learned anew. Reads format 3 of release v2, too.
 */
final class WatchSnapshot {

    static final int VERSION = 4;

    /** Its numbers are those of format 4 but for the last ones, which are 0 where it was written. */
    private static final int VERSION_OF_V2 = 3;

    private WatchSnapshot() {}

    static byte[] of(RunWatch watch) {
        try (ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(VERSION);
            out.writeUTF(watch.policy().hash());
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

    /**
     * The watch in a snapshot.
     *
     * @param learnedUnder the policy with a hash, if it is known
     * @param otherwise the policy to begin anew under when it is not
     * @throws IllegalArgumentException when the snapshot is torn or of an unknown format, in one line
     */
    static RunWatch restore(byte[] bytes, Function<String, Optional<Policy>> learnedUnder, Policy otherwise) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            int version = in.readInt();
            if (version != VERSION && version != VERSION_OF_V2) {
                throw new IllegalArgumentException("it has format " + version + ", this guard reads up to " + VERSION);
            }
            Optional<Policy> known = learnedUnder.apply(in.readUTF());
            Policy policy = known.orElse(otherwise);
            long generation = in.readLong();
            long kept = in.readLong();
            RunWatch watch = new RunWatch(
                    policy, generation, readRoster(in, policy.limits().layers()));
            double[] memory = readNumbers(in);
            if (known.isPresent()) {
                watch.load(numbers(memory, version));
            }
            watch.resumeAt(kept);
            return watch;
        } catch (IOException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            throw new IllegalArgumentException("it is torn", e);
        }
    }

    private static DoubleSupplier numbers(double[] memory, int version) {
        PrimitiveIterator.OfInt index = IntStream.iterate(0, i -> i + 1).iterator();
        return () -> {
            int next = index.nextInt();
            return next >= memory.length && version == VERSION_OF_V2 ? 0 : memory[next];
        };
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
