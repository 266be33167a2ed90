package io.instabilityguard.sidecar.spectrum;

class EjmlRivalStatisticsTest extends RivalStatisticsContract {
    @Override
    MatrixBackend backend() {
        return new EjmlBackend();
    }
}
