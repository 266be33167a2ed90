package io.instabilityguard.sidecar.spectrum;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
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

    /** Right one by one, but every product of a batch is that of its first member. */
    @Test
    void shouldFindABatchThatMixesItsMembers() {
        Device wrong = new HostDevice() {
            @Override
            public BatchedDevice batched() {
                return new HostBatches(this) {
                    @Override
                    public void gemv(Shape shape, long[] a, long[] x, long[] y) {
                        long[] first = a.clone();
                        Arrays.fill(first, a[0]);
                        super.gemv(shape, first, x, y);
                    }
                };
            }
        };
        assertThat(DeviceCheck.disagreement(new DeviceBackend(wrong, reference), reference))
                .contains("the spectral norms of two 24 x 40 matrices at once came out wrong");
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
