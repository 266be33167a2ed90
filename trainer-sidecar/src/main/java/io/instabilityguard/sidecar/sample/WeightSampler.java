package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Measures every staged matrix. Not thread-safe: one per session, used by its numerics thread. */
final class WeightSampler {
    private final StagedMatrices staged;
    private final SpectrumProbe probe;
    private final Optional<WeightIncrements> increments;

    /** Measures these matrices with this probe, slot by slot, and what changed since the previous sample when asked to. */
    WeightSampler(StagedMatrices staged, SpectrumProbe probe, Optional<WeightIncrements> increments) {
        this.staged = staged;
        this.probe = probe;
        this.increments = increments;
    }

    /** The spectra of the weights that the slots hold now; what changed is added to {@code statistics}. */
    List<StepSample.Spectrum> measure(List<Statistic> statistics) throws IOException {
        List<MatrixSpectrum> spectra = new ArrayList<>();
        for (int i = 0; i < staged.descriptions().size(); i++) {
            int index = i;
            // What changed is computed on the host
            FloatMatrix matrix = increments.isPresent() ? staged.read(i) : staged.measured(i);
            spectra.add(probe.measure(i, matrix));
            increments.flatMap(kept -> kept.updateRatio(index, matrix)).ifPresent(statistics::add);
        }
        increments.ifPresent(kept -> statistics.addAll(kept.queryKeyRanks()));
        return described(spectra);
    }

    private List<StepSample.Spectrum> described(List<MatrixSpectrum> spectra) {
        List<StepSample.Spectrum> described = new ArrayList<>();
        for (int i = 0; i < spectra.size(); i++) {
            described.add(new StepSample.Spectrum(staged.descriptions().get(i), spectra.get(i), alignment(i)));
        }
        return described;
    }

    /** |v'u| of this matrix's top right singular vector with the top left one of the matrix that feeds it. */
    private double alignment(int index) {
        OptionalInt feeder = Feeding.of(staged.descriptions(), index);
        return feeder.isPresent() ? probe.alignment(index, feeder.getAsInt()) : Double.NaN;
    }
}
