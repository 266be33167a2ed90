package io.instabilityguard.sidecar.spectrum;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * A view of a float32 matrix, row-major: element (i, j) is {@code values.get(i * columns + j)}.
 *
 * <p>The view owns nothing: for float32 weights {@code values} is the staging file's own mapping, for other types a reused scratch
 * buffer. A column vector of length n is an n×1 matrix. Matrices made by {@link MatrixBackend#allocate} may lie in memory
 * that only their backend can reach: read and write those through the backend.
 *
 * @param rows number of rows, 0 or more
 * @param columns number of columns, 0 or more
 * @param values direct buffer in native byte order that starts at element (0, 0); holds at least rows × columns elements
 */
public record FloatMatrix(int rows, int columns, FloatBuffer values) {

    /** Throws {@link IllegalArgumentException} for a negative or too large shape, or a buffer that is not as described. */
    public FloatMatrix {
        if (rows < 0 || columns < 0 || (long) rows * columns > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "matrix of " + rows + " x " + columns + ": the shape must fit one buffer");
        }
        if (!values.isDirect() || values.order() != ByteOrder.nativeOrder() || values.position() != 0) {
            throw new IllegalArgumentException("matrix values must be a direct native-order buffer at position 0");
        }
        if (values.limit() < rows * columns) {
            throw new IllegalArgumentException(
                    "matrix of " + rows + " x " + columns + " over a buffer of only " + values.limit() + " elements");
        }
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
        matrix.values.put(0, values, 0, rows * columns);
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
        return new FloatMatrix(newRows, newColumns, values);
    }

    /** The rows from {@code first} on, in the same memory. */
    public FloatMatrix rowsFrom(int first) {
        int offset = first * columns;
        return new FloatMatrix(rows - first, columns, values.slice(offset, size() - offset));
    }

    /** Element (i, j); host memory only. */
    public float get(int row, int column) {
        return values.get(row * columns + column);
    }
}
