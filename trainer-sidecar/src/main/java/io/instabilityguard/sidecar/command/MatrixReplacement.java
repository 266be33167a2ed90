package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.LayerChange;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.SidecarMessage.ReadyMatrix;
import io.instabilityguard.sidecar.report.LayerSpectra;
import io.instabilityguard.sidecar.sample.StagedMatrices;
import io.instabilityguard.sidecar.sample.WeightSample;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MSign;
import io.instabilityguard.sidecar.spectrum.MSignResult;
import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import io.instabilityguard.sidecar.spectrum.PolarExpressPolarFactor;
import io.instabilityguard.sidecar.spectrum.PolarFactor;
import io.instabilityguard.sidecar.spectrum.SvdPolarFactor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * {@code APPLY_MSIGN} on the staged copy of the weights. Parameters: {@code exact} (not 0: polar factor by singular value
 * decomposition) or {@code polarSteps} (iterations of Polar Express, 1 to 50; few make a soft factor; {@value
 * #DEFAULT_STEPS} when absent). Not thread-safe: used by the session's numerics thread.
 */
public final class MatrixReplacement {
    static final String KIND = "APPLY_MSIGN";
    private static final int DEFAULT_STEPS = 10;

    private final StagedMatrices staged;
    private final MSign msign;
    private final LongSupplier nanoTime;

    /** Replaces staged matrices; {@code nanoTime} measures what it costs. */
    public MatrixReplacement(StagedMatrices staged, MSign msign, LongSupplier nanoTime) {
        this.staged = staged;
        this.msign = msign;
        this.nanoTime = nanoTime;
    }

    /**
     * What was done: for the hook, for the outcome, and how long it took.
     *
     * @param computeMillis NaN when nothing was computed
     */
    record Result(List<ReadyMatrix> ready, List<LayerChange> changes, double computeMillis) {
        static final Result NONE = new Result(List.of(), List.of(), Double.NaN);
    }

    /**
     * Fills the slots with the new matrices; the trainer's own weights are as they were.
     *
     * @throws IllegalArgumentException for an index or parameter out of range, before anything is written
     */
    Result replace(ReceivedCommand command, List<Integer> indexes) throws IOException {
        PolarFactor factor = factor(command.parameters());
        check(indexes);
        long start = nanoTime.getAsLong();
        List<ReadyMatrix> ready = new ArrayList<>();
        List<LayerChange> changes = new ArrayList<>();
        for (int index : indexes) {
            FloatMatrix matrix = staged.read(index);
            MSignResult result = msign.apply(factor, index, matrix);
            OptionalLong crc32 = result.replaced() ? staged.write(index, matrix) : OptionalLong.empty();
            String reason = reason(result, crc32, index);
            ready.add(new ReadyMatrix(index, crc32.isPresent(), crc32.orElse(0), reason));
            changes.add(change(index, result, crc32.isPresent(), reason));
        }
        return new Result(ready, changes, (nanoTime.getAsLong() - start) / 1e6);
    }

    private static PolarFactor factor(Map<String, Double> parameters) {
        if (parameters.getOrDefault("exact", 0.0) != 0) {
            return new SvdPolarFactor();
        }
        return new PolarExpressPolarFactor(
                parameters.getOrDefault("polarSteps", (double) DEFAULT_STEPS).intValue());
    }

    private void check(List<Integer> indexes) {
        int count = staged.descriptions().size();
        if (indexes.stream().anyMatch(index -> index < 0 || index >= count)
                || indexes.stream().distinct().count() != indexes.size()) {
            throw new IllegalArgumentException("matrices " + indexes + " of " + count);
        }
    }

    private String reason(MSignResult result, OptionalLong crc32, int index) {
        if (!result.replaced()) {
            return result.reason();
        }
        Hello.Matrix matrix = staged.descriptions().get(index);
        return crc32.isPresent() ? "" : "the rescaled polar factor leaves the range of " + matrix.dtype();
    }

    private LayerChange change(int index, MSignResult result, boolean replaced, String reason) {
        return LayerChange.newBuilder()
                .setBefore(spectrum(index, result.before()))
                .setAfter(spectrum(index, replaced ? result.after() : result.before()))
                .setReplaced(replaced)
                .setOrthogonalityDefect((float) result.orthogonalityDefect())
                .setReason(reason)
                .build();
    }

    /** Alignment is a matter of two matrices and is left to the samples. */
    private LayerSpectrum spectrum(int index, MatrixSpectrum spectrum) {
        return LayerSpectra.of(new WeightSample.Spectrum(staged.descriptions().get(index), spectrum, Double.NaN));
    }
}
