package io.instabilityguard.sidecar.spectrum;

class EjmlPolarFactorTest extends PolarFactorContract {
    @Override
    MatrixBackend backend() {
        return new EjmlBackend();
    }
}
