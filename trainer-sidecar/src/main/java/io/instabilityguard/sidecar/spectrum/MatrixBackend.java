package io.instabilityguard.sidecar.spectrum;

/**
 * The primitives that the numerics of this package are written in: few, because every backend (CPU library, GPU) implements and
 * proves all of them. Everything is float32 and row-major; scalars are double.
 *
 * <p>Matrices of one call must lie in memory that this backend can reach: {@link #allocate}'s, or direct host buffers, which a
 * device's backend copies. Targets never overlap sources unless said. Shapes are checked ({@link IllegalArgumentException}); element values are not:
 * NaN and infinity go in and come out as IEEE 754 has it, and no call hangs on them. Any shape may have zero rows or columns.
 *
 * <p>The primitives named "each" do one and the same to every member of their arrays, which are equally long and hold matrices of one
 * shape: one call of a device however many there are, a loop on a processor. No member's values reach another's.
 */
public interface MatrixBackend {

    /** Library, version and threads, for people. */
    String name();

    /** A zeroed matrix in this backend's memory, released with its last reference. */
    FloatMatrix allocate(int rows, int columns);

    /**
     * The matrix where this backend reads it fastest, for many calls on it: itself, or on a device a copy that lies in buffer {@code
     * number} of a workspace of this backend's. Later changes of the one are not seen in the other.
     */
    default FloatMatrix resident(FloatMatrix matrix, Workspace workspace, int number) {
        return matrix;
    }

    /** The backend for matrices that stay in host memory: this one, unless its own memory is a device's. */
    default MatrixBackend onHost() {
        return this;
    }

    /** Copies {@code values} (row-major, one per element) from the host into {@code target}. */
    void write(float[] values, FloatMatrix target);

    /** Copies {@code source} (row-major) to the host. */
    float[] read(FloatMatrix source);

    /** target ← alpha · source, the product in double before it is rounded; {@code target} may be {@code source}. */
    void scale(double alpha, FloatMatrix source, FloatMatrix target);

    /** target ← target + alpha · source. */
    void add(double alpha, FloatMatrix source, FloatMatrix target);

    /** square ← square + alpha · I. */
    void addToDiagonal(double alpha, FloatMatrix square);

    /** Sum over all elements of x · y, products and sums in double: no overflow. */
    double dot(FloatMatrix x, FloatMatrix y);

    /** Largest |element|; NaN when any element is NaN; 0 when there is none. */
    double largestMagnitude(FloatMatrix a);

    /**
     * One pass over A for a step on the Gram operator: product ← A v, gramProduct ← Aᵀ(A v).
     *
     * @return ‖A‖F² as float32 products give it: not finite when A is not, and also when the squares overflow
     */
    double multiplyGram(FloatMatrix a, FloatMatrix v, FloatMatrix product, FloatMatrix gramProduct);

    /** target ← alpha · left · right + beta · target; with beta = 0 the old target is never read. */
    void multiply(double alpha, FloatMatrix left, FloatMatrix right, double beta, FloatMatrix target);

    /** target ← A Aᵀ (rows × rows) when A has no more rows than columns, else Aᵀ A (columns × columns); both triangles. */
    void smallGram(FloatMatrix a, FloatMatrix target);

    /**
     * Reduced singular value decomposition A = left · diag(values) · right with k = the shorter side; A is overwritten.
     *
     * @param a finite matrix; destroyed
     * @param left rows × k, orthonormal columns
     * @param values k × 1, descending
     * @param right k × columns, orthonormal rows
     * @return false when the library did not converge; the targets are undefined then
     */
    boolean decompose(FloatMatrix a, FloatMatrix left, FloatMatrix values, FloatMatrix right);

    /** Singular values only, descending, into {@code values} (k × 1); A is finite and destroyed. False: not converged. */
    boolean singularValues(FloatMatrix a, FloatMatrix values);

    /** How many equal problems the calls named "each" should carry that need so many bytes of memory each: 1 where a call costs nothing. */
    default int batchSize(long bytesEach) {
        return 1;
    }

    /** {@link #scale} of each source into its target by its own factor; factors beyond the arrays are not read. */
    default void scaleEach(double[] alphas, FloatMatrix[] sources, FloatMatrix[] targets) {
        HostBackend.requireEqualBatches(sources, targets);
        for (int i = 0; i < sources.length; i++) {
            scale(alphas[i], sources[i], targets[i]);
        }
    }

    /** {@link #add} of each source to its target by its own factor; factors beyond the arrays are not read. */
    default void addEach(double[] alphas, FloatMatrix[] sources, FloatMatrix[] targets) {
        HostBackend.requireEqualBatches(sources, targets);
        for (int i = 0; i < sources.length; i++) {
            add(alphas[i], sources[i], targets[i]);
        }
    }

    /** {@link #dot} of each pair, into the first elements of {@code sums}. */
    default void dotEach(FloatMatrix[] xs, FloatMatrix[] ys, double[] sums) {
        HostBackend.requireEqualBatches(xs, ys);
        for (int i = 0; i < xs.length; i++) {
            sums[i] = dot(xs[i], ys[i]);
        }
    }

    /** {@link #multiplyGram} of each, what it returns into the first elements of {@code sumsOfSquares}. */
    default void multiplyGramEach(
            FloatMatrix[] as,
            FloatMatrix[] vs,
            FloatMatrix[] products,
            FloatMatrix[] gramProducts,
            double[] sumsOfSquares) {
        HostBackend.requireEqualBatches(as, vs);
        HostBackend.requireEqualBatches(products, gramProducts);
        HostBackend.requireEqual(as.length, products.length, "matrices and products");
        for (int i = 0; i < as.length; i++) {
            sumsOfSquares[i] = multiplyGram(as[i], vs[i], products[i], gramProducts[i]);
        }
    }
}
