package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import io.instabilityguard.sidecar.spectrum.Workspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Measures every staged matrix, as many of one shape at once as the backend likes, and how far those that the host reads have moved. Not
 * thread-safe: one per session, used by its numerics thread.
 */
final class WeightSampler {
    private final StagedMatrices staged;
    private final SpectrumProbe probe;
    private final Workspace copies;
    private final Optional<WeightIncrements> increments;
    private final SampledUpdates updates = new SampledUpdates();
    private final List<List<Integer>> batches;
    private final Map<Integer, Integer> feeders;

    /**
     * Measures these matrices with this probe, each in its slot, and exactly what changed since the previous sample when asked to.
     *
     * @param copies in the memory of the probe's backend
     */
    WeightSampler(StagedMatrices staged, SpectrumProbe probe, Workspace copies, Optional<WeightIncrements> increments) {
        this.staged = staged;
        this.probe = probe;
        this.copies = copies;
        this.increments = increments;
        this.batches = EqualMatrices.batches(staged.descriptions(), this::batchSize);
        this.feeders = feeders(staged.descriptions());
    }

    private int batchSize(Hello.Matrix matrix) {
        boolean copied = increments.isPresent() || !staged.isInPlace(matrix.index());
        return probe.batchSize(matrix.rows(), matrix.columns(), copied);
    }

    /** The spectra of the weights that the slots hold now; how far they have moved is added to {@code statistics}. */
    List<StepSample.Spectrum> measure(List<Statistic> statistics) throws IOException {
        Map<Integer, MatrixSpectrum> spectra = new TreeMap<>();
        Map<Integer, Statistic> ratios = new TreeMap<>();
        for (List<Integer> batch : batches) {
            List<MatrixSpectrum> measured = probe.measureEach(batch, matrices(batch, ratios));
            for (int i = 0; i < measured.size(); i++) {
                spectra.put(batch.get(i), measured.get(i));
            }
        }
        statistics.addAll(ratios.values());
        increments.ifPresent(kept -> statistics.addAll(kept.queryKeyRanks()));
        return described(List.copyOf(spectra.values()));
    }

    /** Where the probe can reach them; their update ratios, which are computed on the host, go to {@code ratios}. */
    private List<FloatMatrix> matrices(List<Integer> batch, Map<Integer, Statistic> ratios) throws IOException {
        Optional<List<FloatMatrix>> onDevice = increments.isPresent() ? Optional.empty() : staged.onDevice(batch);
        if (onDevice.isPresent()) {
            return onDevice.get();
        }
        List<FloatMatrix> matrices = new ArrayList<>();
        for (int index : batch) {
            FloatMatrix matrix = staged.read(index);
            updateRatio(index, matrix).ifPresent(ratio -> ratios.put(index, ratio));
            matrices.add(copies.backend().resident(matrix, copies, matrices.size()));
        }
        return matrices;
    }

    /** Forgets the previous sample: how far the weights have moved since would say nothing of their training. */
    void forget() {
        increments.ifPresent(WeightIncrements::forget);
        updates.forget();
    }

    private Optional<Statistic> updateRatio(int index, FloatMatrix matrix) {
        return increments.isPresent()
                ? increments.get().updateRatio(index, matrix)
                : updates.updateRatio(staged.descriptions().get(index), matrix);
    }

    private List<StepSample.Spectrum> described(List<MatrixSpectrum> spectra) {
        double[] alignments = alignments();
        List<StepSample.Spectrum> described = new ArrayList<>();
        for (int i = 0; i < spectra.size(); i++) {
            described.add(new StepSample.Spectrum(staged.descriptions().get(i), spectra.get(i), alignments[i]));
        }
        return described;
    }

    /** |v'u| of each matrix's top right singular vector with the top left one of the matrix that feeds it; NaN where none does. */
    private double[] alignments() {
        List<Integer> fed = new ArrayList<>(feeders.keySet());
        double[] found = probe.alignmentEach(fed, new ArrayList<>(feeders.values()));
        double[] alignments = new double[staged.descriptions().size()];
        Arrays.fill(alignments, Double.NaN);
        for (int i = 0; i < found.length; i++) {
            alignments[fed.get(i)] = found[i];
        }
        return alignments;
    }

    private static Map<Integer, Integer> feeders(List<Hello.Matrix> matrices) {
        Map<Integer, Integer> feeders = new TreeMap<>();
        for (int i = 0; i < matrices.size(); i++) {
            int fed = i;
            Feeding.of(matrices, i).ifPresent(feeding -> feeders.put(fed, feeding));
        }
        return feeders;
    }
}
