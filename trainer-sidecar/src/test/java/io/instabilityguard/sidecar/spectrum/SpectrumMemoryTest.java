package io.instabilityguard.sidecar.spectrum;

import static io.instabilityguard.sidecar.spectrum.TestMatrices.gaussian;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

class SpectrumMemoryTest {
    private static final int MEASUREMENTS = 10_000;

    private final MatrixBackend backend = new OpenBlasBackend(1);
    private final SpectrumProbe probe = new SpectrumProbe(backend, 3);
    private final MSign msign = new MSign(backend, probe);
    private final FloatMatrix[] matrices = {gaussian(32, 32, 1), gaussian(16, 48, 2), gaussian(48, 16, 3)};

    @Test
    void shouldNotGrowNativeMemory() {
        measureAndRepair(100);
        long pointerBytes = Pointer.totalBytes();
        long directBytes = directBytes();
        measureAndRepair(MEASUREMENTS);
        assertThat(Pointer.totalBytes()).isLessThanOrEqualTo(pointerBytes);
        assertThat(directBytes()).isLessThanOrEqualTo(directBytes + 4096);
    }

    /** The answer and a few short-lived views; before compilation removes some of them, so an upper bound. */
    @Test
    void shouldAllocateNextToNothingPerMeasurement() {
        measure(100);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        measure(MEASUREMENTS);
        long perMeasurement = (threads.getCurrentThreadAllocatedBytes() - before) / MEASUREMENTS;
        assertThat(perMeasurement).isLessThan(1024);
    }

    private void measure(int times) {
        for (int i = 0; i < times; i++) {
            probe.measure(i % 3, matrices[i % 3]);
        }
    }

    private void measureAndRepair(int times) {
        measure(times);
        for (int i = 0; i < times / 10; i++) {
            msign.apply(i % 2 == 0 ? new PolarExpressPolarFactor(3) : new SvdPolarFactor(), i % 3, matrices[i % 3]);
        }
    }

    private static long directBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
