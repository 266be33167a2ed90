package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** Measures every staged matrix. Not thread-safe: one per session, used by its numerics thread. */
public final class WeightSampler {
    private final StagedMatrices staged;
    private final SpectrumProbe probe;

    /** Measures these matrices with this probe, slot by slot. */
    public WeightSampler(StagedMatrices staged, SpectrumProbe probe) {
        this.staged = staged;
        this.probe = probe;
    }

    /** The spectra of the weights that the slots hold now, those of {@code step}. */
    public WeightSample measure(long step) throws IOException {
        List<MatrixSpectrum> spectra = new ArrayList<>();
        for (int i = 0; i < staged.descriptions().size(); i++) {
            spectra.add(probe.measure(i, staged.read(i)));
        }
        return new WeightSample(step, described(spectra));
    }

    /** |v'u| of this matrix's top right singular vector with the top left one of the matrix that feeds it, as last measured. */
    public double alignment(int index) {
        OptionalInt feeder = Feeding.of(staged.descriptions(), index);
        return feeder.isPresent() ? probe.alignment(index, feeder.getAsInt()) : Double.NaN;
    }

    private List<WeightSample.Spectrum> described(List<MatrixSpectrum> spectra) {
        List<WeightSample.Spectrum> described = new ArrayList<>();
        for (int i = 0; i < spectra.size(); i++) {
            described.add(new WeightSample.Spectrum(staged.descriptions().get(i), spectra.get(i), alignment(i)));
        }
        return described;
    }
}
