package io.instabilityguard.evaluation.chaos.violation;

/** Square matrices as rows in a line, and what makes one the polar factor of another. Pure. */
final class Matrices {
    /** Of float32 results computed in another order. */
    private static final double TOLERANCE = 2e-4;

    private Matrices() {}

    /**
     * Whether {@code after} is the polar factor of {@code before}, rescaled to its Frobenius norm: {@code after / c} is orthogonal, and {@code (after / c)ᵀ before} is
     * symmetric and positive semidefinite. No factorisation is needed to see it, and none of the sidecar's code.
     */
    static boolean isRescaledPolarFactor(float[] before, float[] after) {
        int n = side(before);
        double norm = norm(before);
        double c = norm / Math.sqrt(n);
        if (after.length != before.length || Math.abs(norm(after) - norm) > TOLERANCE * norm) {
            return false;
        }
        double[] gram = transposedTimes(after, after, n);
        double[] stretch = transposedTimes(after, before, n);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double identity = i == j ? 1 : 0;
                boolean orthogonal = Math.abs(gram[i * n + j] / (c * c) - identity) < TOLERANCE;
                boolean symmetric = Math.abs(stretch[i * n + j] - stretch[j * n + i]) < TOLERANCE * norm * norm;
                if (!orthogonal || !symmetric) {
                    return false;
                }
            }
        }
        return isPositive(stretch, n, TOLERANCE * norm * norm);
    }

    /** Whether {@code after} is {@code before} times the factor. */
    static boolean isScaled(float[] before, float[] after, double factor) {
        double largest = norm(before);
        for (int index = 0; index < before.length; index++) {
            if (Math.abs(after[index] - before[index] * factor) > 1e-6 * largest) {
                return false;
            }
        }
        return true;
    }

    private static int side(float[] matrix) {
        return (int) Math.round(Math.sqrt(matrix.length));
    }

    private static double norm(float[] matrix) {
        double sum = 0;
        for (float value : matrix) {
            sum += (double) value * value;
        }
        return Math.sqrt(sum);
    }

    private static double[] transposedTimes(float[] a, float[] b, int n) {
        double[] product = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                for (int k = 0; k < n; k++) {
                    product[i * n + j] += (double) a[k * n + i] * b[k * n + j];
                }
            }
        }
        return product;
    }

    /** Whether Cholesky's factorisation of the matrix, lifted by a little, exists. */
    private static boolean isPositive(double[] matrix, int n, double lift) {
        double[] lower = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double rest = matrix[i * n + j] + (i == j ? lift : 0);
                for (int k = 0; k < j; k++) {
                    rest -= lower[i * n + k] * lower[j * n + k];
                }
                if (i == j && rest <= 0) {
                    return false;
                }
                lower[i * n + j] = i == j ? Math.sqrt(rest) : rest / lower[j * n + j];
            }
        }
        return true;
    }
}
