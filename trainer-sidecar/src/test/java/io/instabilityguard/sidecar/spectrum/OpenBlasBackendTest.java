package io.instabilityguard.sidecar.spectrum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class OpenBlasBackendTest extends MatrixBackendContract {
    @Override
    MatrixBackend backend() {
        return new OpenBlasBackend(1);
    }

    @Test
    void shouldFindSingularValuesByQrToo() {
        FloatMatrix values = FloatMatrix.zeros(2, 1);
        FloatMatrix a = TestMatrices.withSingularValues(3, 2, 1, 5, 2);
        assertThat(new OpenBlasBackend(1).singularValuesByQr(a, values)).isTrue();
        assertThat(TestMatrices.elements(values)).containsExactly(new float[] {5, 2}, within(1e-5f));
    }

    @Test
    void shouldRefuseAThreadCountBelowOne() {
        assertThatThrownBy(() -> new OpenBlasBackend(0)).hasMessage("OpenBLAS with 0 threads: give 1 or more");
    }
}
