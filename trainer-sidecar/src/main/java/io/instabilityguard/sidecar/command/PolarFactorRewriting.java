package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MSign;
import io.instabilityguard.sidecar.spectrum.MSignResult;
import io.instabilityguard.sidecar.spectrum.PolarFactor;
import java.util.Map;

/** {@code APPLY_MSIGN}: the rescaled polar factor of the matrix. */
record PolarFactorRewriting(MSign msign, PolarFactor factor) implements Rewriting {
    @Override
    public Rewrite rewrite(int slot, FloatMatrix matrix) {
        MSignResult result = msign.apply(factor, slot, matrix);
        return new Rewrite(
                result.before(),
                result.after(),
                result.replaced() ? "" : result.reason(),
                result.orthogonalityDefect(),
                Map.of(),
                null);
    }
}
