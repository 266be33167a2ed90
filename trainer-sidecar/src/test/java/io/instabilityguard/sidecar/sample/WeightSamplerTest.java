package io.instabilityguard.sidecar.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.instabilityguard.sidecar.frame.DeviceStaging;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.StagedFiles;
import io.instabilityguard.sidecar.frame.StagingFile;
import io.instabilityguard.sidecar.spectrum.DeviceBackend;
import io.instabilityguard.sidecar.spectrum.EjmlBackend;
import io.instabilityguard.sidecar.spectrum.HostDevice;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import io.instabilityguard.sidecar.spectrum.Workspace;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights of three types in device memory, measured in batches over a device in plain Java. */
class WeightSamplerTest {
    private static final String HANDLE = Base64.getEncoder().encodeToString(new byte[64]);

    @TempDir
    Path folder;

    private final Waits device = new Waits();
    private final DeviceBackend backend = new DeviceBackend(device, new EjmlBackend());
    private Hello hello;
    private StagedMatrices staged;
    private ByteBuffer theirs;

    /** Counts how often the trainer's copies were waited for: once per batch, and per read of a single slot. */
    private static final class Waits extends HostDevice {
        private int count;

        @Override
        public void await(long event) {
            count++;
            super.await(event);
        }
    }

    @BeforeEach
    void stage() throws Exception {
        hello = StagedFiles.write(
                folder.resolve("staging-1-0000000a"),
                Messages.hello("run-1", 5)
                        .matrix("q", Hello.Role.QUERY, 4, 4, "float32")
                        .matrix("k", Hello.Role.KEY, 4, 4, "bfloat16")
                        .matrix("v", Hello.Role.VALUE, 4, 4, "float32")
                        .matrix("o", Hello.Role.OUTPUT, 4, 4, "float32")
                        .matrix("up", Hello.Role.MLP_UP, 6, 4, "float64")
                        .matrix("down", Hello.Role.MLP_DOWN, 4, 6, "bfloat16")
                        .matrix("next", Hello.Role.QUERY, 4, 4, "bfloat16")
                        .matrix("last", Hello.Role.KEY, 6, 4, "float64")
                        .device(new DeviceStaging(HANDLE, HANDLE, 8192)));
        theirs = device.export(new byte[64], 8192).order(ByteOrder.LITTLE_ENDIAN);
        staged = new StagedMatrices(
                StagingFile.open(folder, hello),
                hello,
                DeviceSlots.of(hello, backend).slots());
        for (Hello.Matrix matrix : hello.matrices()) {
            put(matrix, matrix.index() + 1);
        }
    }

    /** A diagonal that falls from {@code top} by halves. */
    private void put(Hello.Matrix matrix, float top) {
        for (int i = 0; i < 4; i++) {
            int element = i * matrix.columns() + i;
            int at = (int) matrix.slot().offset();
            float value = top / (1 << i);
            switch (matrix.dtype()) {
                case "float32" -> theirs.putFloat(at + 4 * element, value);
                case "float64" -> theirs.putDouble(at + 8 * element, value);
                default -> theirs.putShort(at + 2 * element, (short) (Float.floatToIntBits(value) >>> 16));
            }
        }
    }

    private WeightSampler sampler(boolean increments) {
        return new WeightSampler(
                staged,
                new SpectrumProbe(backend, hello.matrices().size()),
                new Workspace(backend),
                increments ? Optional.of(new WeightIncrements(hello, backend)) : Optional.empty());
    }

    private void assertMeasured(List<StepSample.Spectrum> spectra) {
        assertThat(spectra).hasSize(8);
        for (int i = 0; i < 8; i++) {
            assertThat(spectra.get(i).matrix()).isEqualTo(hello.matrices().get(i));
            assertThat(spectra.get(i).spectrum().spectralNorm()).isCloseTo(i + 1, within(1e-3 * (i + 1)));
        }
    }

    @Test
    void shouldMeasureEverySlotInItsPlace() throws Exception {
        List<StepSample.Spectrum> spectra = sampler(false).measure(new ArrayList<>());
        assertMeasured(spectra);
        assertThat(spectra.get(3).alignment()).isCloseTo(1, within(1e-2));
        assertThat(spectra.get(6).alignment()).isCloseTo(1, within(1e-2));
        assertThat(spectra.get(0).alignment()).isNaN();
    }

    /** Three batches where they lie or widened, and two matrices that only the host converts. */
    @Test
    void shouldTouchTheTrainersMemoryOncePerBatch() throws Exception {
        sampler(false).measure(new ArrayList<>());
        assertThat(device.count).isEqualTo(5);
    }

    @Test
    void shouldReadThroughTheHostForWhatChanged() throws Exception {
        WeightSampler sampler = sampler(true);
        List<Statistic> statistics = new ArrayList<>();
        assertMeasured(sampler.measure(statistics));
        assertThat(statistics).isEmpty();
        put(hello.matrices().get(2), 6);
        sampler.measure(statistics);
        List<Statistic> ratios = statistics.stream()
                .filter(one -> one.metric().equals("updateRatio"))
                .toList();
        assertThat(ratios)
                .extracting(Statistic::layer)
                .containsExactly("q", "k", "v", "o", "up", "down", "next", "last");
        assertThat(ratios.get(2).values().get(0)).isCloseTo(1, within(1e-6));
        assertThat(ratios.get(3).values()).containsExactly(0.0);
    }

    /** Two matrices that only the host converts. */
    @Test
    void shouldEstimateUpdateRatiosOfWhatTheHostReadsAnyway() throws Exception {
        WeightSampler sampler = sampler(false);
        List<Statistic> statistics = new ArrayList<>();
        sampler.measure(statistics);
        assertThat(statistics).isEmpty();
        put(hello.matrices().get(4), 10);
        sampler.measure(statistics);
        assertThat(statistics).extracting(Statistic::metric).containsOnly("updateRatio");
        assertThat(statistics).extracting(Statistic::layer).containsExactly("up", "last");
        assertThat(statistics.get(0).values().get(0)).isCloseTo(1, within(1e-6));
        assertThat(statistics.get(1).values()).containsExactly(0.0);
    }

    @Test
    void shouldKeepAMatrixThatIsNotFiniteToItself() throws Exception {
        theirs.putFloat((int) hello.matrices().get(2).slot().offset() + 8, Float.NaN);
        List<StepSample.Spectrum> spectra = sampler(false).measure(new ArrayList<>());
        assertThat(spectra.get(2).spectrum().finite()).isFalse();
        assertThat(spectra.get(0).spectrum().spectralNorm()).isCloseTo(1, within(1e-3));
        assertThat(spectra.get(3).spectrum().spectralNorm()).isCloseTo(4, within(4e-3));
        assertThat(spectra.get(3).alignment()).isNaN();
    }
}
