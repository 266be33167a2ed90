package io.instabilityguard.sidecar.koopman;

/**
 * One eigenvalue λ of a block's whitened operator.
 *
 * @param real real part of λ
 * @param imaginary imaginary part of λ; the conjugate of a complex λ is a mode of its own
 * @param residual relative ResDMD residual ‖u*(Ỹ − λX̃)‖ / ‖u*X̃‖ of the left eigenvector u
 * @param kept false when the residual filter dropped the mode
 */
public record KoopmanMode(double real, double imaginary, double residual, boolean kept) {

    /** |λ|. */
    public double modulus() {
        return Math.hypot(real, imaginary);
    }
}
