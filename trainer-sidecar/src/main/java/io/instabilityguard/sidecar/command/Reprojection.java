package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.mixing.MixingGain;
import io.instabilityguard.sidecar.mixing.SinkhornKnopp;
import io.instabilityguard.sidecar.mixing.SinkhornResult;
import io.instabilityguard.sidecar.mixing.SinkhornSettings;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * {@code REPROJECT_HC}: the doubly stochastic projection of a square mixing matrix (Sinkhorn–Knopp). Measures its iterations, how far its
 * row sums (forward) and column sums (backward) are from 1 afterwards, and the gains before.
 */
record Reprojection(SpectrumProbe probe, SinkhornSettings settings) implements Rewriting {
    @Override
    public Rewrite rewrite(int slot, FloatMatrix matrix) {
        MatrixSpectrum before = probe.measure(slot, matrix);
        double[] elements = elements(matrix);
        SinkhornResult result = SinkhornKnopp.project(matrix.rows(), elements, settings);
        if (!result.projected()) {
            return Rewrite.refused(before, result.refusal());
        }
        for (int i = 0; i < elements.length; i++) {
            matrix.values().put(i, (float) result.matrix()[i]);
        }
        probe.forget(slot);
        MixingGain gain = MixingGain.of(matrix.rows(), elements);
        return Rewrite.replaced(
                before,
                probe.measure(slot, matrix),
                Map.of(
                        "iterations", (double) result.iterations(),
                        "forwardViolation", result.forwardViolation(),
                        "backwardViolation", result.backwardViolation(),
                        "forwardGainBefore", gain.forward(),
                        "backwardGainBefore", gain.backward()));
    }

    private static double[] elements(FloatMatrix matrix) {
        return IntStream.range(0, matrix.size())
                .mapToDouble(i -> matrix.values().get(i))
                .toArray();
    }
}
