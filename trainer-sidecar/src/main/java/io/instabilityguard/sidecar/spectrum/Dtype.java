package io.instabilityguard.sidecar.spectrum;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * Element types of staged weights and their conversion to and from float32, round to nearest even. Subnormals and infinities
 * are kept; a NaN stays a NaN. Bytes are read and written in the order that the given {@link ByteBuffer} is set to.
 */
public enum Dtype {
    FLOAT32(4),
    FLOAT64(8),
    BFLOAT16(2),
    FLOAT16(2);

    private final int itemsize;

    Dtype(int itemsize) {
        this.itemsize = itemsize;
    }

    /** Bytes of one element. */
    public int itemsize() {
        return itemsize;
    }

    /**
     * Converts the first {@code count} elements at {@code source}'s position into {@code target}, from its element 0. Positions stay.
     *
     * @return how many finite elements became infinite (only float64 can)
     */
    public int read(ByteBuffer source, FloatBuffer target, int count) {
        throw new UnsupportedOperationException();
    }

    /**
     * Converts the first {@code count} elements of {@code source} into bytes at {@code target}'s position. Positions stay.
     *
     * @return how many finite elements became infinite
     */
    public int write(FloatBuffer source, ByteBuffer target, int count) {
        throw new UnsupportedOperationException();
    }
}
