package io.instabilityguard.sidecar.report;

import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.sample.StepSample;
import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;

/** Measurements as records of the topics. Pure. */
public final class LayerSpectra {
    private LayerSpectra() {}

    /** The record of one measurement. */
    public static LayerSpectrum of(StepSample.Spectrum measured) {
        Hello.Matrix matrix = measured.matrix();
        MatrixSpectrum spectrum = measured.spectrum();
        return LayerSpectrum.newBuilder()
                .setName(matrix.name())
                .setDepth(matrix.depth())
                .setRole(MatrixRole.valueOf(matrix.role().name()))
                .setRows(matrix.rows())
                .setColumns(matrix.columns())
                .setFinite(spectrum.finite())
                .setFrobeniusNorm((float) spectrum.frobeniusNorm())
                .setSpectralNorm((float) spectrum.spectralNorm())
                .setSpectralNormResidual((float) spectrum.residual())
                .setStableRank((float) spectrum.stableRank())
                .setAlignment((float) measured.alignment())
                .build();
    }
}
