package io.instabilityguard.sidecar.spectrum;

/** One matrix in a run of {@link GramLanczos}: its vectors, which are used again for the next, and how far it has come. */
final class GramRun {
    private final int number;
    private final FloatMatrix[] directions;
    private final FloatMatrix[] images;
    private final FloatMatrix remainder;
    private final FloatMatrix right;
    private final FloatMatrix left;
    private final TopRitzPair ritz;

    private boolean measurable;
    private double sumOfSquares;
    private double remainderNorm;
    private double residual;
    private double spectralNorm;
    private double rightNorm;
    private int passes;

    GramRun(MatrixBackend backend, int rows, int columns, int maxPasses, int number) {
        this.number = number;
        FloatMatrix wide = backend.allocate(maxPasses + 2, columns);
        FloatMatrix tall = backend.allocate(maxPasses + 1, rows);
        directions = new FloatMatrix[maxPasses];
        images = new FloatMatrix[maxPasses];
        for (int j = 0; j < maxPasses; j++) {
            directions[j] = vector(wide, j);
            images[j] = vector(tall, j);
        }
        remainder = vector(wide, maxPasses);
        right = vector(wide, maxPasses + 1);
        left = vector(tall, maxPasses);
        ritz = new TopRitzPair(maxPasses);
    }

    /** Elements of the vectors of a run. */
    static long elements(int rows, int columns, int maxPasses) {
        return (maxPasses + 2L) * columns + (maxPasses + 1L) * rows;
    }

    /** Row {@code number} as a column. */
    private static FloatMatrix vector(FloatMatrix rows, int number) {
        return rows.rowsFrom(number).reshaped(rows.columns(), 1);
    }

    void begin() {
        ritz.clear();
        remainderNorm = 0;
        passes = 0;
    }

    void sumOfSquares(double sum, boolean isMeasurable) {
        sumOfSquares = sum;
        measurable = isMeasurable;
    }

    /** Another direction whose image has this squared length. */
    void grow(double imageSquare) {
        ritz.grow(imageSquare, remainderNorm);
        passes++;
    }

    /** The length of what is left of the last direction's Gram product. */
    void judge(double newRemainderNorm) {
        remainderNorm = newRemainderNorm;
        residual = ritz.value() > 0 ? remainderNorm * Math.abs(ritz.weight(passes - 1)) / ritz.value() : 1;
    }

    void spectralNorm(double norm) {
        spectralNorm = norm;
    }

    /** Place of the matrix in the list of its run. */
    int number() {
        return number;
    }

    void rightNorm(double norm) {
        rightNorm = norm;
    }

    FloatMatrix direction(int pass) {
        return directions[pass];
    }

    FloatMatrix image(int pass) {
        return images[pass];
    }

    FloatMatrix remainder() {
        return remainder;
    }

    double remainderNorm() {
        return remainderNorm;
    }

    double ritzValue() {
        return ritz.value();
    }

    double ritzWeight(int pass) {
        return ritz.weight(pass);
    }

    /** False when ‖A‖F² is not finite or outside the comfortable range of float32: nothing else is set then but {@link #sumOfSquares()}. */
    boolean measurable() {
        return measurable;
    }

    /** ‖A‖F². */
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

    /** Passes over A. */
    int passes() {
        return passes;
    }

    /** Length of {@link #right()}; that of {@link #left()} is {@link #spectralNorm()}. */
    double rightNorm() {
        return rightNorm;
    }

    /** Top right singular vector, columns × 1, not normalised. */
    FloatMatrix right() {
        return right;
    }

    /** Top left singular vector, rows × 1, not normalised. */
    FloatMatrix left() {
        return left;
    }
}
