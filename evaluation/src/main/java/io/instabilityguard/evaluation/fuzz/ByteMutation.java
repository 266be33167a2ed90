package io.instabilityguard.evaluation.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Changes bytes without knowing what they mean: flips, cuts, insertions, repetitions, absurd numbers, pieces of other samples. */
final class ByteMutation {
    private static final int MOST_CHANGES = 4;
    private static final int LONGEST_NOISE = 400;
    private static final int LONGEST_PIECE = 64;
    private static final int LARGEST = 1 << 17;
    private static final long[] ABSURD = {
        0,
        1,
        -1,
        127,
        128,
        255,
        256,
        32_767,
        65_535,
        1 << 20,
        (1 << 20) + 1,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        1L << 32,
        1L << 53,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    private ByteMutation() {}

    /** Bytes that mean nothing. */
    static byte[] noise(RandomGenerator random) {
        byte[] bytes = new byte[random.nextInt(LONGEST_NOISE)];
        random.nextBytes(bytes);
        return bytes;
    }

    /**
     * A few changes of {@code sample}.
     *
     * @param from the first byte that may change
     * @param others where pieces are taken from
     */
    static byte[] mutate(byte[] sample, int from, List<byte[]> others, RandomGenerator random) {
        byte[] bytes = sample;
        for (int changes = random.nextInt(MOST_CHANGES); changes >= 0; changes--) {
            if (bytes.length > from && bytes.length < LARGEST) {
                bytes = change(bytes, random.nextInt(from, bytes.length), others, random);
            }
        }
        return bytes;
    }

    private static byte[] change(byte[] bytes, int at, List<byte[]> others, RandomGenerator random) {
        int length = Math.min(1 + random.nextInt(LONGEST_PIECE), bytes.length - at);
        return switch (random.nextInt(8)) {
            case 0 -> replaced(bytes, at, 1, new byte[] {(byte) (bytes[at] ^ (1 << random.nextInt(8)))});
            case 1 -> replaced(bytes, at, 1, new byte[] {(byte) random.nextInt(256)});
            case 2 -> replaced(bytes, at, 0, noise(random));
            case 3 -> replaced(bytes, at, length, new byte[0]);
            case 4 -> Arrays.copyOf(bytes, at);
            case 5 -> replaced(bytes, at, 0, repeated(Arrays.copyOfRange(bytes, at, at + length), random.nextInt(40)));
            case 6 -> replaced(bytes, at, Math.min(8, bytes.length - at), number(random));
            default -> replaced(bytes, at, length, piece(others.get(random.nextInt(others.size())), random));
        };
    }

    private static byte[] replaced(byte[] bytes, int at, int length, byte[] by) {
        return ByteBuffer.allocate(bytes.length - length + by.length)
                .put(bytes, 0, at)
                .put(by)
                .put(bytes, at + length, bytes.length - at - length)
                .array();
    }

    private static byte[] repeated(byte[] piece, int times) {
        ByteBuffer all = ByteBuffer.allocate(piece.length * times);
        for (int i = 0; i < times; i++) {
            all.put(piece);
        }
        return all.array();
    }

    private static byte[] piece(byte[] other, RandomGenerator random) {
        int at = random.nextInt(other.length + 1);
        return Arrays.copyOfRange(other, at, Math.min(other.length, at + LONGEST_PIECE));
    }

    /** A number at the edge of something: 4 or 8 bytes in either order, or Avro's variable length. */
    private static byte[] number(RandomGenerator random) {
        long number = ABSURD[random.nextInt(ABSURD.length)];
        ByteOrder order = random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        return switch (random.nextInt(3)) {
            case 0 ->
                ByteBuffer.allocate(Integer.BYTES)
                        .order(order)
                        .putInt((int) number)
                        .array();
            case 1 ->
                ByteBuffer.allocate(Long.BYTES).order(order).putLong(number).array();
            default -> AvroBytes.variableLength(number);
        };
    }
}
