package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/**
 * {@code CLIP_ATTENTION_LOGITS} (QK-clip of MuonClip, whole matrices instead of heads): query and key each times {@code scale}, so that
 * logits without biases come out times its square.
 *
 * @param scale of a matrix by its slot, in (0, 1]
 */
record LogitClip(MatrixBackend backend, SpectrumProbe probe, IntToDoubleFunction scale) implements Rewriting {
    @Override
    public Rewrite rewrite(int slot, FloatMatrix matrix) {
        MatrixSpectrum before = probe.measure(slot, matrix);
        double factor = scale.applyAsDouble(slot);
        if (!before.finite()) {
            return Rewrite.refused(before, "the matrix holds a NaN or an infinity");
        }
        if (factor >= 1) {
            return Rewrite.refused(before, "the attention logits are within the threshold");
        }
        backend.scale(factor, matrix, matrix);
        return Rewrite.replaced(before, probe.measure(slot, matrix), Map.of("scale", factor));
    }
}
