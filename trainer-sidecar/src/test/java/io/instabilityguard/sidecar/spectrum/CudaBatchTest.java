package io.instabilityguard.sidecar.spectrum;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIf;

@Tag("cuda")
@EnabledIf(value = "io.instabilityguard.sidecar.spectrum.Gpu#isHere", disabledReason = Gpu.NONE)
class CudaBatchTest extends BatchContract {
    @Override
    MatrixBackend backend() {
        return Gpu.backend();
    }
}
