package io.instabilityguard.sidecar.spectrum;

import java.nio.Buffer;

/**
 * The primitives of a device with memory of its own, such as a GPU: what {@link DeviceBackend} needs and no more. Elements are float32;
 * scalars of products are float32 too, all other scalars double.
 *
 * <p>Matrices here are <b>column-major</b>, as BLAS has them: element (i, j) lies at i + j · leading dimension. Rows and columns of an
 * argument are those of the stored matrix, before any transposition. The row-major matrices of this package become column-major ones in
 * {@link DeviceBackend} alone.
 *
 * <p>Calls run in the order in which they are made. Those that return a number, and both copies between host and device, return
 * when they are done; the others may return before. One call at a time; any thread. A call that the device refuses throws
 * {@link DeviceException}.
 */
public interface Device extends AutoCloseable {
    /** Model, memory and libraries, for people. */
    String name();

    /** Address of {@code bytes} new bytes, more than 0, aligned for every type, with arbitrary content. */
    long allocate(long bytes);

    /** Gives back what {@link #allocate} gave; waits for calls that use it. */
    void free(long address);

    /** Fills with zero bytes. */
    void zero(long address, long bytes);

    /** Host to device: the first {@code bytes} bytes of a direct buffer, from its position on. */
    void copyIn(Buffer from, long to, long bytes);

    /** Device to host: into a direct buffer, from its position on. */
    void copyOut(long from, Buffer to, long bytes);

    /** C ← alpha · op(A) · op(B) + beta · C with C m × n and k the inner side, all above 0; with beta = 0 the old C is never read. */
    void gemm(Product product, Operand a, Operand b, Operand c);

    /**
     * Shape and scalars of a product.
     *
     * @param m rows of op(A) and C
     * @param n columns of op(B) and C
     * @param k columns of op(A), rows of op(B)
     * @param alpha factor of the product
     * @param beta factor of the old C
     */
    record Product(int m, int n, int k, float alpha, float beta) {}

    /**
     * A stored matrix.
     *
     * @param address of element (0, 0)
     * @param leading leading dimension, at least the number of rows
     * @param transposed whether op(X) = Xᵀ; never for a target
     */
    record Operand(long address, int leading, boolean transposed) {}

    /** y ← op(A) x with the stored A of {@code rows} × {@code columns}, both above 0; the old y is never read. */
    void gemv(Operand a, int rows, int columns, long x, long y);

    /** y ← alpha · x over {@code n} elements, the product in double before it is rounded; y may be x. */
    void scale(double alpha, long x, long y, int n);

    /** y ← y + alpha · x over {@code n} elements, in double before it is rounded. */
    void add(double alpha, long x, long y, int n);

    /** Adds {@code alpha} to each of the n diagonal elements of an n × n matrix without gaps. */
    void addToDiagonal(double alpha, long square, int n);

    /** Sum of x · y over {@code n} elements, products and sums in double; equal inputs give equal sums. */
    double dot(long x, long y, int n);

    /** Largest |x| of {@code n} elements; NaN when one is. */
    double largestMagnitude(long x, int n);

    /** {@code n} bfloat16 at {@code from} as float32 at {@code to}: exact. */
    void widen(long from, long to, int n);

    /** The same for many equal problems at once. */
    BatchedDevice batched();

    /** Memory of another process on the same device, by the 64 bytes of its {@code cudaIpcMemHandle_t}. */
    long openMemory(byte[] handle);

    /** Lets go of what {@link #openMemory} gave; waits for calls that use it. */
    void closeMemory(long address);

    /** An event of another process, by the 64 bytes of its {@code cudaIpcEventHandle_t}. */
    long openEvent(byte[] handle);

    /** What is called after this waits, on the device, for what the event recorded last. */
    void await(long event);

    /** Lets go of what {@link #openEvent} gave. */
    void closeEvent(long event);

    /** Gives back everything that is not freed; nothing may be called afterwards. */
    @Override
    void close();
}
