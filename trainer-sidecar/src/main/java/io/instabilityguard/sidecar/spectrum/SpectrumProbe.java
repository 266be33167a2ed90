package io.instabilityguard.sidecar.spectrum;

/** Measures the spectra of tracked matrices, each in its slot. */
public final class SpectrumProbe {

    /** A probe for slots 0 … slots − 1, all cold. */
    public SpectrumProbe(MatrixBackend backend, int slots) {}

    /** Measures {@code a}, which is not changed; keeps its top singular vectors as the slot's next start. */
    public MatrixSpectrum measure(int slot, FloatMatrix a) {
        throw new UnsupportedOperationException();
    }

    /**
     * |vᵀu| of the top right singular vector v of {@code slot} and the top left singular vector u of {@code feedingSlot}
     * (MSign, Def. 3.2, on weights), from their last measurements; NaN when the lengths differ, or either is unmeasured, zero or not finite.
     */
    public double alignment(int slot, int feedingSlot) {
        throw new UnsupportedOperationException();
    }

    /** Forgets the slot's singular vectors: its next measurement starts cold. */
    public void forget(int slot) {}
}
