package io.instabilityguard.sidecar.spectrum;

/**
 * MSign (arXiv 2602.01734, Algorithm 1 and Eq. 14): W ← (‖W‖F / ‖U Vᵀ‖F) · U Vᵀ.
 */
public final class MSign {

    /** Repairs matrices that {@code probe} tracks. */
    public MSign(MatrixBackend backend, SpectrumProbe probe) {}

    /** Replaces {@code w} in place, or leaves every element as it is and says why. */
    public MSignResult apply(PolarFactor factor, int slot, FloatMatrix w) {
        throw new UnsupportedOperationException();
    }
}
