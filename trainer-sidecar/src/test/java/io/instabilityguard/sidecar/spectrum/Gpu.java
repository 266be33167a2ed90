package io.instabilityguard.sidecar.spectrum;

import io.instabilityguard.sidecar.spectrum.cuda.CudaBackend;

/** The GPU of this machine, opened once for all tests; without one they are skipped. */
final class Gpu {
    static final String NONE = "no GPU here, or its libraries do not load: see ./guard doctor";

    private static final CudaBackend.Found FOUND = CudaBackend.open(new EjmlBackend());

    private Gpu() {}

    static boolean isHere() {
        return FOUND.backend().isPresent();
    }

    static DeviceBackend backend() {
        return FOUND.backend().orElseThrow();
    }

    static String reason() {
        return FOUND.reason();
    }
}
