package io.instabilityguard.sidecar.spectrum;

class DeviceBatchTest extends BatchContract {
    @Override
    MatrixBackend backend() {
        return new DeviceBackend(new HostDevice(), new EjmlBackend());
    }
}
