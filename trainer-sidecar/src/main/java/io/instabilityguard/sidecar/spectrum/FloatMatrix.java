package io.instabilityguard.sidecar.spectrum;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * A view of a float32 matrix, row-major: element (i, j) is number i · columns + j.
 *
 * <p>The view owns nothing: its memory is a reused buffer or part of one. A column vector of length n is an n×1 matrix. Matrices made by {@link MatrixBackend#allocate} may lie in memory
 * on a device, that only their backend can reach: read and write those through the backend.
 *
 * @param rows number of rows, 0 or more
 * @param columns number of columns, 0 or more
 * @param memory starts at element (0, 0); holds at least rows × columns elements
 */
public record FloatMatrix(int rows, int columns, MatrixMemory memory) {

    /** Throws {@link IllegalArgumentException} for a negative or too large shape, or too little memory. */
    public FloatMatrix {
        if (rows < 0 || columns < 0 || (long) rows * columns > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "matrix of " + rows + " x " + columns + ": the shape must fit one buffer");
        }
        if (memory.capacity() < rows * columns) {
            throw new IllegalArgumentException("matrix of " + rows + " x " + columns + " over a buffer of only "
                    + memory.capacity() + " elements");
        }
    }

    /** A matrix in host memory: {@code values} is a direct buffer in native byte order that starts at element (0, 0). */
    public FloatMatrix(int rows, int columns, FloatBuffer values) {
        this(rows, columns, new HostMemory(values));
    }

    /** The elements of a matrix in host memory; throws {@link IllegalStateException} for one on a device. */
    public FloatBuffer values() {
        if (memory instanceof HostMemory host) {
            return host.values();
        }
        throw new IllegalStateException("this matrix lies on a device: read it through its backend");
    }

    /** A zeroed matrix in new direct host memory. */
    public static FloatMatrix zeros(int rows, int columns) {
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(Math.multiplyExact(Math.multiplyExact(rows, columns), Float.BYTES));
        return new FloatMatrix(
                rows, columns, bytes.order(ByteOrder.nativeOrder()).asFloatBuffer());
    }

    /** A matrix in new direct host memory holding {@code values}, row-major. */
    public static FloatMatrix of(int rows, int columns, float... values) {
        FloatMatrix matrix = zeros(rows, columns);
        matrix.values().put(0, values, 0, rows * columns);
        return matrix;
    }

    /** Number of elements. */
    public int size() {
        return rows * columns;
    }

    /** True when there is no element. */
    public boolean isEmpty() {
        return size() == 0;
    }

    /** The shorter side: the number of singular values. */
    public int smallSide() {
        return Math.min(rows, columns);
    }

    /** The same elements seen under another shape of at most as many elements. */
    public FloatMatrix reshaped(int newRows, int newColumns) {
        return new FloatMatrix(newRows, newColumns, memory);
    }

    /** The rows from {@code first} on, in the same memory. */
    public FloatMatrix rowsFrom(int first) {
        return new FloatMatrix(rows - first, columns, memory.from(first * columns));
    }

    /** Element (i, j); host memory only. */
    public float get(int row, int column) {
        return values().get(row * columns + column);
    }
}
