package io.instabilityguard.sidecar.spectrum;

class DeviceSpectralNormTest extends SpectralNormContract {
    @Override
    MatrixBackend backend() {
        return new DeviceBackend(new HostDevice(), new EjmlBackend());
    }
}
