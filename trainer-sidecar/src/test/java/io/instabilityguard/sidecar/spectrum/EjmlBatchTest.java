package io.instabilityguard.sidecar.spectrum;

class EjmlBatchTest extends BatchContract {
    @Override
    MatrixBackend backend() {
        return new EjmlBackend();
    }
}
