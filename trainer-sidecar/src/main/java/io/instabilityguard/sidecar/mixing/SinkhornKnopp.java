package io.instabilityguard.sidecar.mixing;

/**
 * Sinkhorn–Knopp scaling to doubly stochastic form (mHC, arXiv 2512.24880, Eq. 9), of max(H, ε), in the log domain: nothing can overflow or
 * underflow whatever the range of the entries. Each iteration scales columns first and rows last, so that rows sum to 1 to rounding and what
 * is left over is in the columns: it amplifies gradients, not signals.
 *
 * <p>mHC exponentiates its logits; a free mixing matrix (HC) is projected as it stands, because its entries are weights already.
 * Hence the floor: a negative entry and a zero count as ε, that is, such a path is nearly closed. A matrix without any positive entry
 * becomes 1/n everywhere. The hook's {@code sinkhorn} does the same with the same defaults, in float32.
 */
public final class SinkhornKnopp {
    private SinkhornKnopp() {}

    /** Projects the {@code n} × {@code n} row-major {@code matrix}, which is not changed; NaN and infinities are refused as a value. */
    public static SinkhornResult project(int n, double[] matrix, SinkhornSettings settings) {
        double[] logarithms = new double[n * n];
        for (int i = 0; i < n * n; i++) {
            if (!Double.isFinite(matrix[i])) {
                return refused(matrix, "entry (" + i / n + ", " + i % n + ") is " + matrix[i]);
            }
            logarithms[i] = Math.log(Math.max(matrix[i], settings.epsilon()));
        }
        int iterations = 0;
        SinkhornResult result;
        do {
            normalizeColumns(n, logarithms);
            normalizeRows(n, logarithms);
            result = result(n, logarithms, ++iterations);
        } while (iterations < settings.maxIterations() && result.marginalViolation() > settings.tolerance());
        return result;
    }

    private static SinkhornResult refused(double[] matrix, String reason) {
        return new SinkhornResult(matrix.clone(), 0, Double.NaN, Double.NaN, reason);
    }

    private static void normalizeColumns(int n, double[] logarithms) {
        for (int j = 0; j < n; j++) {
            subtractLogSum(logarithms, j, n, n);
        }
    }

    private static void normalizeRows(int n, double[] logarithms) {
        for (int i = 0; i < n; i++) {
            subtractLogSum(logarithms, i * n, 1, n);
        }
    }

    /** Takes ln Σ exp of {@code n} entries, {@code stride} apart, from each of them. */
    private static void subtractLogSum(double[] logarithms, int first, int stride, int n) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < n; k++) {
            largest = Math.max(largest, logarithms[first + k * stride]);
        }
        double sum = 0;
        for (int k = 0; k < n; k++) {
            sum += Math.exp(logarithms[first + k * stride] - largest);
        }
        double logSum = largest + Math.log(sum);
        for (int k = 0; k < n; k++) {
            logarithms[first + k * stride] -= logSum;
        }
    }

    private static SinkhornResult result(int n, double[] logarithms, int iterations) {
        double[] matrix = new double[n * n];
        double[] rows = new double[n];
        double[] columns = new double[n];
        for (int i = 0; i < n * n; i++) {
            matrix[i] = Math.exp(logarithms[i]);
            rows[i / n] += matrix[i];
            columns[i % n] += matrix[i];
        }
        return new SinkhornResult(matrix, iterations, violation(rows), violation(columns), "");
    }

    private static double violation(double[] sums) {
        double largest = 0;
        for (double sum : sums) {
            largest = Math.max(largest, Math.abs(sum - 1));
        }
        return largest;
    }
}
