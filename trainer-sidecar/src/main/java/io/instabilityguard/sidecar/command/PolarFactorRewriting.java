package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.spectrum.Dtype;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MSign;
import io.instabilityguard.sidecar.spectrum.MSignResult;
import io.instabilityguard.sidecar.spectrum.PolarFactor;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * {@code APPLY_MSIGN}: the rescaled polar factor of the matrix, unless that would amplify the rounding of the stored weights.
 *
 * @param dtype of each slot
 */
record PolarFactorRewriting(MSign msign, PolarFactor factor, IntFunction<Dtype> dtype) implements Rewriting {
    @Override
    public Rewrite rewrite(int slot, FloatMatrix matrix) {
        MSignResult result = msign.apply(factor, slot, matrix, dtype.apply(slot));
        return new Rewrite(
                result.before(),
                result.after(),
                result.replaced() ? "" : result.reason(),
                result.orthogonalityDefect(),
                Map.of(),
                null);
    }
}
