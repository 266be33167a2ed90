package io.instabilityguard.sidecar.spectrum;

/**
 * What one measurement says of a matrix W.
 *
 * @param finite false when W holds a NaN or an infinity; every number is NaN then
 * @param frobeniusNorm ‖W‖F = square root of the sum of squares
 * @param spectralNorm ‖W‖2 = largest singular value σ, estimated from below
 * @param residual ‖WᵀWv − σ²v‖ / σ², the relative residual of the estimate; 0 for a zero matrix
 * @param stableRank ‖W‖F² / ‖W‖2² (MSign, arXiv 2602.01734, Def. 3.1), estimated from above; NaN for a zero or empty matrix
 * @param iterations passes over W that the estimate took
 */
public record MatrixSpectrum(
        boolean finite, double frobeniusNorm, double spectralNorm, double residual, double stableRank, int iterations) {

    static final MatrixSpectrum NON_FINITE =
            new MatrixSpectrum(false, Double.NaN, Double.NaN, Double.NaN, Double.NaN, 0);
    static final MatrixSpectrum ZERO = new MatrixSpectrum(true, 0, 0, 0, Double.NaN, 0);
}
