package io.instabilityguard.sidecar.spectrum;

class OpenBlasRivalStatisticsTest extends RivalStatisticsContract {
    @Override
    MatrixBackend backend() {
        return new OpenBlasBackend(1);
    }
}
