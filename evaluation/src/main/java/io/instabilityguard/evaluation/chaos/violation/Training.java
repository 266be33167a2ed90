package io.instabilityguard.evaluation.chaos.violation;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * The chaos trainer's arithmetic once more, to the last bit: gradients are tables of hashes, a step is one multiplication and one subtraction in float32.
 */
final class Training {
    private static final double LEARNING_RATE = 0.01;
    private static final long MASK = 0xFFFFFFFFL;

    private final Map<String, float[]> weights = new LinkedHashMap<>();
    private final long seed;
    private final int ranks;

    /** From these weights, by name in the trainer's order. */
    Training(Map<String, float[]> start, long seed, int ranks) {
        start.forEach(this::put);
        this.seed = seed;
        this.ranks = ranks;
    }

    Map<String, float[]> weights() {
        return weights;
    }

    /** Puts other values in the place of a weight's. */
    void put(String name, float[] values) {
        weights.put(name, values.clone());
    }

    /** One optimizer step under this factor on the learning rate. */
    void descend(long step, double scale) {
        float rate = (float) (scale < 1 ? LEARNING_RATE * scale : LEARNING_RATE);
        int matrix = 0;
        for (float[] values : weights.values()) {
            for (int index = 0; index < values.length; index++) {
                float delta = gradient(matrix, step, index) * rate;
                values[index] -= delta;
            }
            matrix++;
        }
    }

    private float gradient(int matrix, long step, int index) {
        float sum = 0;
        for (int rank = 0; rank < ranks; rank++) {
            sum += entry(seed, matrix, step, rank, index);
        }
        return sum / ranks;
    }

    /** From -1 to 127/128. */
    private static float entry(long seed, int matrix, long step, int rank, int index) {
        long mixed = index * 2654435761L + matrix * 40503L + (step + 1) * 69069L + rank * 1013904223L + seed * 7919L;
        mixed &= MASK;
        mixed = ((mixed ^ (mixed >> 15)) * 2246822519L) & MASK;
        mixed = ((mixed ^ (mixed >> 13)) * 3266489917L) & MASK;
        return ((mixed >> 24) - 128) / 128f;
    }

    /** The checksum that the trainer writes down. */
    long crc() {
        CRC32 crc = new CRC32();
        for (float[] values : weights.values()) {
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            crc.update(bytes);
        }
        return crc.getValue();
    }
}
