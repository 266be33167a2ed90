package io.instabilityguard.sidecar.spectrum;

/**
 * What a {@link Device} does to many equal problems in one call: element i of every array of addresses belongs to member i, and what
 * the primitive of {@link Device} says holds for each. The arrays are read during the call and may change afterwards. A member with a
 * NaN or an infinity leaves the others as they are.
 */
public interface BatchedDevice {
    /** Most members of a call, of which there is at least one. */
    int MOST_MEMBERS = 1024;

    /**
     * Stored matrices without gaps: the leading dimension is the number of rows.
     *
     * @param rows above 0
     * @param columns above 0
     * @param transposed whether op(A) = Aᵀ
     */
    record Shape(int rows, int columns, boolean transposed) {}

    /** y ← op(A) x. */
    void gemv(Shape shape, long[] a, long[] x, long[] y);

    /** y ← alpha · x over {@code n} elements, the product in double before it is rounded; y may be x. */
    void scale(double[] alpha, long[] x, long[] y, int n);

    /** y ← y + alpha · x over {@code n} elements, in double before it is rounded. */
    void add(double[] alpha, long[] x, long[] y, int n);

    /** Sums of x · y over {@code n} elements, products and sums in double; equal inputs in equal numbers give equal sums. */
    double[] dot(long[] x, long[] y, int n);

    /** {@code n} bfloat16 as float32: exact. */
    void widen(long[] from, long[] to, int n);
}
