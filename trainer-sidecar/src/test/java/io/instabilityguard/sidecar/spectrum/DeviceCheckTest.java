package io.instabilityguard.sidecar.spectrum;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DeviceCheckTest {
    private final MatrixBackend reference = new EjmlBackend();

    @Test
    void shouldAcceptADeviceThatComputesRightly() {
        assertThat(DeviceCheck.disagreement(new DeviceBackend(new HostDevice(), reference), reference))
                .isEmpty();
    }

    @Test
    void shouldFindAForgottenTransposition() {
        Device wrong = new HostDevice() {
            @Override
            public void gemm(Product product, Operand a, Operand b, Operand c) {
                boolean square = product.m() == product.n() && product.n() == product.k();
                super.gemm(square ? product : new Product(product.m(), product.n(), 1, 1, 0), a, b, c);
            }
        };
        assertThat(DeviceCheck.disagreement(new DeviceBackend(wrong, reference), reference))
                .get()
                .asString()
                .contains("24 x 40 matrix");
    }

    @Test
    void shouldFindADeviceThatDoesNothing() {
        Device idle = new HostDevice() {
            @Override
            public void scale(double alpha, long x, long y, int n) {}
        };
        assertThat(DeviceCheck.disagreement(new DeviceBackend(idle, reference), reference))
                .isPresent();
    }
}
