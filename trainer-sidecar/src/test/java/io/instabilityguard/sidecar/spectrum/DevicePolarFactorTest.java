package io.instabilityguard.sidecar.spectrum;

class DevicePolarFactorTest extends PolarFactorContract {
    @Override
    MatrixBackend backend() {
        return new DeviceBackend(new HostDevice(), new EjmlBackend());
    }
}
