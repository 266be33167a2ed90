package io.instabilityguard.sidecar.spectrum;

class OpenBlasSpectralNormTest extends SpectralNormContract {
    @Override
    MatrixBackend backend() {
        return new OpenBlasBackend(1);
    }
}
