package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Rewriting} decided for one matrix.
 *
 * @param before spectrum of the matrix as it came
 * @param after spectrum of the new matrix; the same as {@code before} when refused
 * @param refusal why the matrix is left as it is; empty when it is to be replaced
 * @param orthogonalityDefect of a polar factor; NaN for other kinds
 * @param measurements numbers of the kind
 * @param verbatim the slot's new bytes; null when the new matrix is to be written in the slot's dtype
 */
record Rewrite(
        MatrixSpectrum before,
        MatrixSpectrum after,
        String refusal,
        double orthogonalityDefect,
        Map<String, Double> measurements,
        byte @Nullable [] verbatim) {
    /** Copies the map. */
    Rewrite {
        measurements = Map.copyOf(measurements);
    }

    static Rewrite refused(MatrixSpectrum spectrum, String refusal) {
        return new Rewrite(spectrum, spectrum, refusal, Double.NaN, Map.of(), null);
    }

    static Rewrite replaced(MatrixSpectrum before, MatrixSpectrum after, Map<String, Double> measurements) {
        return new Rewrite(before, after, "", Double.NaN, measurements, null);
    }

    boolean isReplaced() {
        return refusal.isEmpty();
    }
}
