package io.instabilityguard.sidecar.spectrum;

import io.instabilityguard.sidecar.spectrum.MSignResult.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * MSign (arXiv 2602.01734, Algorithm 1 and Eq. 14): W ← (‖W‖F / ‖U Vᵀ‖F) · U Vᵀ, the polar factor rescaled so that the Frobenius norm
 * stays. With an exact factor all singular values become equal and the stable rank becomes the rank; with a soft one they draw
 * together. A rank-deficient W keeps its null space. Not thread-safe.
 */
public final class MSign {
    private final MatrixBackend backend;
    private final SpectrumProbe probe;
    private final Workspace workspace;

    /** Repairs matrices that {@code probe} tracks. */
    public MSign(MatrixBackend backend, SpectrumProbe probe) {
        this.backend = backend;
        this.probe = probe;
        this.workspace = new Workspace(backend);
    }

    /** Replaces {@code w} in place and re-seeds the probe's slot, or leaves every element as it is and says why. */
    public MSignResult apply(PolarFactor strategy, int slot, FloatMatrix w) {
        MatrixSpectrum before = probe.measure(slot, w);
        Outcome refusal = refusalOf(w, before);
        if (refusal != null) {
            return new MSignResult(refusal, Double.NaN, before, before);
        }
        FloatMatrix factor = workspace.matrix(0, w.rows(), w.columns());
        double factorNorm = strategy.compute(workspace, w, factor) ? norm(factor) : Double.NaN;
        if (!(factorNorm > 0 && factorNorm < Double.POSITIVE_INFINITY)) {
            return new MSignResult(Outcome.NOT_CONVERGED, Double.NaN, before, before);
        }
        double defect = PolarFactor.orthogonalityDefect(workspace, factor);
        double rescaling = norm(w) / factorNorm;
        if (rescaling * backend.largestMagnitude(factor) > Float.MAX_VALUE) {
            return new MSignResult(Outcome.OVERFLOW, defect, before, before);
        }
        backend.scale(rescaling, factor, w);
        probe.forget(slot);
        return new MSignResult(Outcome.REPLACED, defect, before, probe.measure(slot, w));
    }

    private static @Nullable Outcome refusalOf(FloatMatrix w, MatrixSpectrum before) {
        if (w.isEmpty()) {
            return Outcome.EMPTY;
        }
        if (!before.finite()) {
            return Outcome.NON_FINITE;
        }
        return before.frobeniusNorm() == 0 ? Outcome.ZERO : null;
    }

    private double norm(FloatMatrix a) {
        return Math.sqrt(backend.dot(a, a));
    }
}
