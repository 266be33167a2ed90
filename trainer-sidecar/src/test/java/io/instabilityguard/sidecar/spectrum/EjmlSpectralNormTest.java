package io.instabilityguard.sidecar.spectrum;

class EjmlSpectralNormTest extends SpectralNormContract {
    @Override
    MatrixBackend backend() {
        return new EjmlBackend();
    }
}
