package io.instabilityguard.sidecar.spectrum;

class DeviceRivalStatisticsTest extends RivalStatisticsContract {
    @Override
    MatrixBackend backend() {
        return new DeviceBackend(new HostDevice(), new EjmlBackend());
    }
}
