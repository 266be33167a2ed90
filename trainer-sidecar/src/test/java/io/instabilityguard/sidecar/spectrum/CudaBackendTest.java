package io.instabilityguard.sidecar.spectrum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

@Tag("cuda")
@EnabledIf(value = "io.instabilityguard.sidecar.spectrum.Gpu#isHere", disabledReason = Gpu.NONE)
class CudaBackendTest extends MatrixBackendContract {
    @Override
    MatrixBackend backend() {
        return Gpu.backend();
    }

    @Test
    void shouldAgreeWithTheCpu() {
        assertThat(DeviceCheck.disagreement(Gpu.backend(), new EjmlBackend())).isEmpty();
    }

    @Test
    void shouldRefuseAHandleThatIsNone() {
        assertThatThrownBy(() -> Gpu.backend().open(new byte[64], new byte[64], 8))
                .isInstanceOf(DeviceException.class)
                .hasMessageStartingWith("cudaIpcOpenMemHandle: ");
        assertThatThrownBy(() -> Gpu.backend().open(new byte[3], new byte[64], 8))
                .hasMessage("an IPC handle of 3 bytes: 64");
    }

    @Test
    void shouldSayThatMemoryRanOut() {
        assertThatThrownBy(() ->
                        Gpu.backend().allocate(Integer.MAX_VALUE / 4096, 4096).rows())
                .isInstanceOf(DeviceException.class);
    }
}
