package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import java.util.List;

/**
 * What was measured of the weights of one step.
 *
 * @param step the step whose weights these are, -1 for none
 * @param spectra one per tracked matrix, in the hook's order
 */
public record WeightSample(long step, List<Spectrum> spectra) {
    /** No sample. */
    public static final WeightSample NONE = new WeightSample(-1, List.of());

    /** Copies the list. */
    public WeightSample {
        spectra = List.copyOf(spectra);
    }

    /**
     * One matrix.
     *
     * @param matrix which one
     * @param spectrum what was measured
     * @param alignment of its top right singular vector with the top left one of the matrix that feeds it; NaN when unknown
     */
    public record Spectrum(Hello.Matrix matrix, MatrixSpectrum spectrum, double alignment) {}
}
