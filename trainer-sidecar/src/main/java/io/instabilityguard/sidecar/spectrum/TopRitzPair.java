package io.instabilityguard.sidecar.spectrum;

import java.util.Arrays;

/**
 * The largest eigenvalue of a small symmetric tridiagonal matrix with no negative eigenvalue, and its eigenvector: the Rayleigh–Ritz step
 * of {@link GramLanczos}. The matrix grows by one row at a time. Bisection by Sturm counts, then inverse iteration with a shift just above
 * the eigenvalue, so that every system is positive definite and elimination needs no pivots (Golub and Van Loan, §8.4).
 */
final class TopRitzPair {
    private static final int BISECTIONS = 50;
    private static final int INVERSE_ITERATIONS = 2;
    private static final double SHIFT = 1e-9;

    private final double[] diagonal;
    /** Element j couples rows j and j + 1. */
    private final double[] coupling;

    private final double[] vector;
    private final double[] pivots;
    private int size;
    private double value;

    TopRitzPair(int capacity) {
        diagonal = new double[capacity];
        coupling = new double[capacity];
        vector = new double[capacity];
        pivots = new double[capacity];
    }

    void clear() {
        size = 0;
    }

    /** Adds a row whose diagonal is {@code alpha}; {@code beta} couples it to the row before and is ignored for the first. */
    void grow(double alpha, double beta) {
        if (size > 0) {
            coupling[size - 1] = beta;
        }
        diagonal[size++] = alpha;
        solve();
    }

    double value() {
        return value;
    }

    /** Element {@code j} of the unit eigenvector. */
    double weight(int j) {
        return vector[j];
    }

    private void solve() {
        value = largestEigenvalue();
        Arrays.fill(vector, 0, size, 1);
        for (int i = 0; i < INVERSE_ITERATIONS; i++) {
            solveShifted(value > 0 ? value * (1 + SHIFT) : 1);
            normalize();
        }
    }

    private double largestEigenvalue() {
        double low = 0;
        double high = 0;
        for (int j = 0; j < size; j++) {
            low = Math.max(low, diagonal[j]);
            high = Math.max(high, diagonal[j] + couplingBefore(j) + (j + 1 < size ? coupling[j] : 0));
        }
        for (int i = 0; i < BISECTIONS && size > 1; i++) {
            double middle = 0.5 * (low + high);
            if (exceedsAllEigenvalues(middle)) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return size > 1 ? high : low;
    }

    private double couplingBefore(int j) {
        return j == 0 ? 0 : coupling[j - 1];
    }

    private boolean exceedsAllEigenvalues(double shift) {
        double pivot = 1;
        for (int j = 0; j < size; j++) {
            double square = couplingBefore(j) * couplingBefore(j);
            pivot = shift - diagonal[j] - (j == 0 ? 0 : square / pivot);
            if (!(pivot > 0)) {
                return false;
            }
        }
        return true;
    }

    /** vector ← (shift · I − T)⁻¹ vector. */
    private void solveShifted(double shift) {
        pivots[0] = shift - diagonal[0];
        for (int j = 1; j < size; j++) {
            double factor = -coupling[j - 1] / pivots[j - 1];
            pivots[j] = shift - diagonal[j] + factor * coupling[j - 1];
            vector[j] -= factor * vector[j - 1];
        }
        vector[size - 1] /= pivots[size - 1];
        for (int j = size - 2; j >= 0; j--) {
            vector[j] = (vector[j] + coupling[j] * vector[j + 1]) / pivots[j];
        }
    }

    private void normalize() {
        double sum = 0;
        for (int j = 0; j < size; j++) {
            sum += vector[j] * vector[j];
        }
        double scale = 1 / Math.sqrt(sum);
        for (int j = 0; j < size; j++) {
            vector[j] *= scale;
        }
    }
}
