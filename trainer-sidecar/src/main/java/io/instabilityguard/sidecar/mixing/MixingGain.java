package io.instabilityguard.sidecar.mixing;

/**
 * How much one mixing matrix H amplifies (mHC, arXiv 2512.24880, "Amax gain magnitude"; the wording is ambiguous, hence both readings).
 * 1 everywhere for a doubly stochastic matrix.
 *
 * @param forward max_i |Σ_j H_ij|, by rows
 * @param forwardAbsolute max_i Σ_j |H_ij|
 * @param backward max_j |Σ_i H_ij|, by columns
 * @param backwardAbsolute max_j Σ_i |H_ij|
 */
public record MixingGain(double forward, double forwardAbsolute, double backward, double backwardAbsolute) {

    /** Gains of the {@code n} × {@code n} row-major {@code matrix}; NaN where it holds one. */
    public static MixingGain of(int n, double[] matrix) {
        double[] rows = new double[n];
        double[] rowMagnitudes = new double[n];
        double[] columns = new double[n];
        double[] columnMagnitudes = new double[n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double element = matrix[i * n + j];
                rows[i] += element;
                rowMagnitudes[i] += Math.abs(element);
                columns[j] += element;
                columnMagnitudes[j] += Math.abs(element);
            }
        }
        return new MixingGain(largest(rows), largest(rowMagnitudes), largest(columns), largest(columnMagnitudes));
    }

    private static double largest(double[] sums) {
        double largest = 0;
        for (double sum : sums) {
            largest = Math.max(largest, Math.abs(sum));
        }
        return largest;
    }
}
