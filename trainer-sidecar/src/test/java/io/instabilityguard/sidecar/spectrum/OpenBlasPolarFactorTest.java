package io.instabilityguard.sidecar.spectrum;

class OpenBlasPolarFactorTest extends PolarFactorContract {
    @Override
    MatrixBackend backend() {
        return new OpenBlasBackend(1);
    }
}
