package io.instabilityguard.sidecar.mixing;

/**
 * What {@link SinkhornKnopp} made of one matrix.
 *
 * @param matrix n × n, row-major: the projection, or the input as it came when it was refused
 * @param iterations pairs of column and row scalings that were done
 * @param forwardViolation max over rows of |sum − 1| of {@code matrix}: what a signal is amplified by; NaN when refused
 * @param backwardViolation max over columns of |sum − 1|: what a gradient is amplified by; NaN when refused
 * @param refusal why there is no projection; empty when there is
 */
public record SinkhornResult(
        double[] matrix, int iterations, double forwardViolation, double backwardViolation, String refusal) {

    /** True when {@code matrix} is the projection. */
    public boolean projected() {
        return refusal.isEmpty();
    }

    /** The larger of the two violations. */
    public double marginalViolation() {
        return Math.max(forwardViolation, backwardViolation);
    }
}
