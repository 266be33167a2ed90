package io.instabilityguard.sidecar.spectrum;

import io.instabilityguard.sidecar.spectrum.MSignResult.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * MSign (arXiv 2602.01734, Algorithm 1 and Eq. 14): W ← (‖W‖F / ‖U Vᵀ‖F) · U Vᵀ, the polar factor rescaled so that the Frobenius norm
 * stays. With an exact factor all singular values become equal and the stable rank becomes the rank; with a soft one they draw
 * together. A rank-deficient W keeps its null space. Not thread-safe.
 */
public final class MSign {
    /** Number of a workspace buffer that no {@link PolarFactor} uses. */
    private static final int RESIDENT = 5;

    private final MatrixBackend backend;
    private final SpectrumProbe probe;
    private final Workspace workspace;

    /** Repairs matrices that {@code probe} tracks. */
    public MSign(MatrixBackend backend, SpectrumProbe probe) {
        this.backend = backend;
        this.probe = probe;
        this.workspace = new Workspace(backend);
    }

    /** As {@link #apply(PolarFactor, int, FloatMatrix, Dtype)} of a matrix stored in float32. */
    public MSignResult apply(PolarFactor strategy, int slot, FloatMatrix w) {
        return apply(strategy, slot, w, Dtype.FLOAT32);
    }

    /**
     * Replaces {@code w} in place and re-seeds the probe's slot, or leaves every element as it is and says why.
     *
     * @param storage the type that the trainer keeps the weights in: where it is coarser than float32 the matrix is left alone when
     *     most of its singular values are that type's rounding ({@link RoundingNoise}). Float32's own rounding needs no such care: the
     *     exact factor takes it for the null space, and few steps do not lift it
     */
    public MSignResult apply(PolarFactor strategy, int slot, FloatMatrix w, Dtype storage) {
        FloatMatrix here = backend.resident(w, workspace, RESIDENT);
        MSignResult result = replace(strategy, slot, here, storage);
        if (result.replaced() && here != w) {
            backend.scale(1, here, w);
        }
        return result;
    }

    private MSignResult replace(PolarFactor strategy, int slot, FloatMatrix w, Dtype storage) {
        MatrixSpectrum before = probe.measure(slot, w);
        Outcome refusal = refusalOf(w, before);
        if (refusal == null && storage.unitRoundoff() > Dtype.FLOAT32.unitRoundoff()) {
            refusal = refusalOf(w, storage);
        }
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

    private @Nullable Outcome refusalOf(FloatMatrix w, Dtype storage) {
        FloatMatrix copy = workspace.matrix(0, w.rows(), w.columns());
        FloatMatrix values = workspace.matrix(1, w.smallSide(), 1);
        backend.scale(1 / norm(w), w, copy);
        if (!backend.singularValues(copy, values)) {
            return Outcome.NOT_CONVERGED;
        }
        return RoundingNoise.of(backend.read(values), w.rows(), w.columns(), storage.unitRoundoff())
                        .dominates()
                ? Outcome.NOISE
                : null;
    }

    private double norm(FloatMatrix a) {
        return Math.sqrt(backend.dot(a, a));
    }
}
