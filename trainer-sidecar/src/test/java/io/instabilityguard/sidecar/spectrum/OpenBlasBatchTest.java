package io.instabilityguard.sidecar.spectrum;

class OpenBlasBatchTest extends BatchContract {
    @Override
    MatrixBackend backend() {
        return new OpenBlasBackend(1);
    }
}
