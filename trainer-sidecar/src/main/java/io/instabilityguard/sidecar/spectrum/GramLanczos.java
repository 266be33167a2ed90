package io.instabilityguard.sidecar.spectrum;

/**
 * Largest singular value of A by Lanczos' iteration on AᵀA (the Golub–Kahan–Lanczos bidiagonalisation in its Gram form), fully
 * reorthogonalised, one pass over A per step, from any start vector. Its first step is a step of the power iteration; it stops as soon as
 * the residual ‖AᵀAv − σ²v‖ / σ² is small enough, so from a warm start one or two passes are usual.
 *
 * <p>The answer σ = ‖Av‖ of a unit vector v is a lower bound of ‖A‖2 up to rounding, short of it by about
 * residual² / (2 · relative gap of σ²). Where the spectrum is flat (no gap) only the residual bounds the error: some singular value lies
 * within that distance, not always the largest. Work memory is for one shape of A; nothing is allocated per call.
 */
final class GramLanczos {
    /** Largest relative residual ‖AᵀAv − σ²v‖ / σ² that counts as converged, unless said. */
    static final double TOLERANCE = 0.01;

    /** Between these, ‖A‖F² is right in float32 and every product of the iteration is far from over- and underflow. */
    private static final double SMALLEST_SUM = 1e-12;

    private static final double LARGEST_SUM = 1e18;
    /** A remainder this small against ‖A‖F² is rounding: the directions span an invariant subspace. */
    private static final double ROUNDING = 0x1p-22;

    private final MatrixBackend backend;
    private final double tolerance;
    private final FloatMatrix[] directions;
    private final FloatMatrix[] images;
    private final FloatMatrix remainder;
    private final FloatMatrix right;
    private final FloatMatrix left;
    private final TopRitzPair ritz;

    private double sumOfSquares;
    private double spectralNorm;
    private double residual;
    private int passes;

    /**
     * Work memory for matrices of {@code rows} × {@code columns} and at most {@code maxPasses} passes.
     *
     * @param tolerance largest relative residual that counts as converged
     */
    GramLanczos(MatrixBackend backend, int rows, int columns, int maxPasses, double tolerance) {
        this.backend = backend;
        this.tolerance = tolerance;
        directions = new FloatMatrix[maxPasses];
        images = new FloatMatrix[maxPasses];
        for (int j = 0; j < maxPasses; j++) {
            directions[j] = backend.allocate(columns, 1);
            images[j] = backend.allocate(rows, 1);
        }
        remainder = backend.allocate(columns, 1);
        right = backend.allocate(columns, 1);
        left = backend.allocate(rows, 1);
        ritz = new TopRitzPair(maxPasses);
    }

    boolean fits(FloatMatrix a) {
        return a.rows() == left.rows() && a.columns() == right.rows();
    }

    /**
     * Iterates from {@code start} (any length but zero) until the residual is at most the tolerance or {@code limit} passes are done.
     *
     * @return false when ‖A‖F² is not finite or outside the comfortable range of float32: only {@link #sumOfSquares()} is set then
     */
    boolean run(FloatMatrix a, FloatMatrix start, int limit) {
        ritz.clear();
        backend.scale(1 / norm(start), start, directions[0]);
        double beta = 0;
        for (passes = 1; ; passes++) {
            int j = passes - 1;
            sumOfSquares = backend.multiplyGram(a, directions[j], images[j], remainder);
            if (!(sumOfSquares >= SMALLEST_SUM && sumOfSquares <= LARGEST_SUM)) {
                return false;
            }
            ritz.grow(backend.dot(images[j], images[j]), beta);
            orthogonalize(passes);
            beta = norm(remainder);
            residual = ritz.value() > 0 ? beta * Math.abs(ritz.weight(j)) / ritz.value() : 1;
            if (residual <= tolerance || passes == limit || beta <= ROUNDING * sumOfSquares) {
                break;
            }
            backend.scale(1 / beta, remainder, directions[passes]);
        }
        keepSingularVectors();
        return true;
    }

    private void orthogonalize(int count) {
        for (int i = 0; i < count; i++) {
            backend.add(-backend.dot(directions[i], remainder), directions[i], remainder);
        }
    }

    /** left = A v of the Ritz vector v; right = AᵀA v, one power step ahead of v at no cost, both normalised. */
    private void keepSingularVectors() {
        double weight = ritz.weight(0);
        backend.scale(weight * ritz.value(), directions[0], right);
        backend.scale(weight, images[0], left);
        for (int j = 1; j < passes; j++) {
            backend.add(ritz.weight(j) * ritz.value(), directions[j], right);
            backend.add(ritz.weight(j), images[j], left);
        }
        backend.add(ritz.weight(passes - 1), remainder, right);
        spectralNorm = norm(left);
        normalize(right);
        normalize(left);
    }

    private void normalize(FloatMatrix vector) {
        double length = norm(vector);
        if (length > 0) {
            backend.scale(1 / length, vector, vector);
        }
    }

    private double norm(FloatMatrix vector) {
        return Math.sqrt(backend.dot(vector, vector));
    }

    /** ‖A‖F² of the last run. */
    double sumOfSquares() {
        return sumOfSquares;
    }

    /** ‖A v‖, the estimate of ‖A‖2. */
    double spectralNorm() {
        return spectralNorm;
    }

    /** Relative residual of the estimate. */
    double residual() {
        return residual;
    }

    /** Passes over A of the last run. */
    int passes() {
        return passes;
    }

    /** Unit top right singular vector, columns × 1; overwritten by the next run. */
    FloatMatrix right() {
        return right;
    }

    /** Unit top left singular vector, rows × 1; overwritten by the next run. */
    FloatMatrix left() {
        return left;
    }
}
