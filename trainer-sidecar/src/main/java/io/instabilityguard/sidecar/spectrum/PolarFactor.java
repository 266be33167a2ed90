package io.instabilityguard.sidecar.spectrum;

/**
 * Strategy for the orthogonal polar factor U Vᵀ of A = U Σ Vᵀ (synonyms: matrix sign "msign", zeroth power). Implementations are
 * immutable and their work memory comes from the caller's {@link Workspace}.
 */
public sealed interface PolarFactor permits SvdPolarFactor, PolarExpressPolarFactor {

    /**
     * Writes the factor of {@code a} into {@code factor} (same shape).
     *
     * @param a finite, not empty, not zero; not changed
     * @return false when the decomposition did not converge; {@code factor} is undefined then
     */
    boolean compute(Workspace workspace, FloatMatrix a, FloatMatrix factor);
}
