package io.instabilityguard.sidecar.spectrum;

/** The exact polar factor by singular value decomposition. */
public record SvdPolarFactor() implements PolarFactor {

    @Override
    public boolean compute(Workspace workspace, FloatMatrix a, FloatMatrix factor) {
        throw new UnsupportedOperationException();
    }
}
