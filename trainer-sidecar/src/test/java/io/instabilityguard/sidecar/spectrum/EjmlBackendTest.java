package io.instabilityguard.sidecar.spectrum;

class EjmlBackendTest extends MatrixBackendContract {
    @Override
    MatrixBackend backend() {
        return new EjmlBackend();
    }
}
