package io.instabilityguard.sidecar.spectrum;

/**
 * Strategy for the orthogonal polar factor U Vᵀ of A = U Σ Vᵀ (synonyms: matrix sign "msign", zeroth power). Strategies are
 * immutable; their work memory is the caller's {@link Workspace}, buffers 1 and up.
 */
public sealed interface PolarFactor permits SvdPolarFactor, PolarExpressPolarFactor {

    /**
     * Writes the factor of {@code a} into {@code factor} (same shape).
     *
     * @param a finite, not empty, not zero; not changed
     * @return false when the decomposition did not converge; {@code factor} is undefined then
     */
    boolean compute(Workspace workspace, FloatMatrix a, FloatMatrix factor);

    /** ‖XᵀX − I‖F / √n on the small side n of X: 0 for an exact factor of full rank, √(1 − rank / n) for a partial isometry. */
    static double orthogonalityDefect(Workspace workspace, FloatMatrix x) {
        MatrixBackend backend = workspace.backend();
        FloatMatrix gram = workspace.matrix(1, x.smallSide(), x.smallSide());
        backend.smallGram(x, gram);
        backend.addToDiagonal(-1, gram);
        return Math.sqrt(backend.dot(gram, gram) / x.smallSide());
    }
}
