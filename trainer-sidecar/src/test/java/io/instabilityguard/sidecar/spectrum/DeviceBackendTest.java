package io.instabilityguard.sidecar.spectrum;

import static io.instabilityguard.sidecar.spectrum.TestMatrices.elements;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.gaussian;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The contract over {@link HostDevice}, and what the device is asked for. */
class DeviceBackendTest extends MatrixBackendContract {
    private final RecordingDevice device = new RecordingDevice();
    private final DeviceBackend backend = new DeviceBackend(device, new EjmlBackend());

    @Override
    MatrixBackend backend() {
        return new DeviceBackend(new HostDevice(), new EjmlBackend());
    }

    @Test
    void shouldAskForAProductWithItsOperandsSwapped() {
        FloatMatrix left = backend.allocate(2, 3);
        FloatMatrix right = backend.allocate(3, 5);
        FloatMatrix target = backend.allocate(2, 5);
        device.forget();
        backend.multiply(2, left, right, 0.5, target);
        assertThat(device.calls()).containsExactly("gemm m=5 n=2 k=3 alpha=2.0 beta=0.5 a=#2/5 b=#1/3 c=#3/5");
    }

    @Test
    void shouldAskForTheSmallerGramMatrix() {
        FloatMatrix wide = backend.allocate(2, 3);
        FloatMatrix tall = backend.allocate(3, 2);
        FloatMatrix gram = backend.allocate(2, 2);
        device.forget();
        backend.smallGram(wide, gram);
        backend.smallGram(tall, gram);
        assertThat(device.calls())
                .containsExactly(
                        "gemm m=2 n=2 k=3 alpha=1.0 beta=0.0 a=#1/3' b=#1/3 c=#3/2",
                        "gemm m=2 n=2 k=3 alpha=1.0 beta=0.0 a=#2/2 b=#2/2' c=#3/2");
    }

    @Test
    void shouldAskForAGramStepInThreePasses() {
        FloatMatrix a = backend.allocate(2, 3);
        FloatMatrix v = backend.allocate(3, 1);
        FloatMatrix product = backend.allocate(2, 1);
        FloatMatrix gramProduct = backend.allocate(3, 1);
        device.forget();
        backend.multiplyGram(a, v, product, gramProduct);
        assertThat(device.calls())
                .containsExactly("gemv 3x2 a=#1/3' x=#2 y=#3", "gemv 3x2 a=#1/3 x=#3 y=#4", "dot x=#1 y=#1 n=6");
    }

    @Test
    void shouldAskForTheGramStepsOfABatchInThreeCalls() {
        FloatMatrix[] as = allocated(4, 2, 3);
        FloatMatrix[] vs = allocated(4, 3, 1);
        FloatMatrix[] products = allocated(4, 2, 1);
        FloatMatrix[] gramProducts = allocated(4, 3, 1);
        device.forget();
        backend.multiplyGramEach(as, vs, products, gramProducts, new double[4]);
        assertThat(device.calls())
                .containsExactly(
                        "gemv each of 4 x=#5..#8 y=#9..#12 a=#1..#4' 3x2",
                        "gemv each of 4 x=#9..#12 y=#13..#16 a=#1..#4 3x2",
                        "dot each of 4 x=#1..#4 y=#1..#4 n=6");
    }

    /** A table of addresses is not worth its copy for one, and holds only so many. */
    @Test
    void shouldAskForOneAloneAndForTooManyInParts() {
        FloatMatrix[] one = allocated(1, 2, 3);
        FloatMatrix[] many = allocated(BatchedDevice.MOST_MEMBERS + 2, 1, 1);
        device.forget();
        backend.scaleEach(new double[] {2}, one, one);
        backend.scaleEach(new double[many.length], many, many);
        assertThat(device.calls())
                .containsExactly(
                        "scale x=#1 y=#1 n=6",
                        "scale each of 1024 x=#2..#1025 y=#2..#1025 n=1",
                        "scale each of 2 x=#1026..#1027 y=#1026..#1027 n=1");
    }

    @Test
    void shouldBoundTheMemoryOfABatch() {
        assertThat(backend.batchSize(1)).isEqualTo(BatchedDevice.MOST_MEMBERS);
        assertThat(backend.batchSize(32 << 20)).isEqualTo(4);
        assertThat(backend.batchSize(Long.MAX_VALUE)).isEqualTo(1);
        assertThat(new EjmlBackend().batchSize(1)).isEqualTo(1);
    }

    private FloatMatrix[] allocated(int count, int rows, int columns) {
        return IntStream.range(0, count)
                .mapToObj(i -> backend.allocate(rows, columns))
                .toArray(FloatMatrix[]::new);
    }

    @Test
    void shouldCopyHostOperandsInAndTheirTargetOut() {
        FloatMatrix own = backend.allocate(2, 3);
        device.forget();
        backend.add(1, own, gaussian(2, 3, 1));
        assertThat(device.calls())
                .containsExactly("allocate 512", "zero #2 24", "copyIn #2 24", "add x=#1 y=#2 n=6", "copyOut #2 24");
    }

    @Test
    void shouldNotAllocateInSteadyWork() {
        SpectrumProbe probe = new SpectrumProbe(backend, 2);
        MSign msign = new MSign(backend, probe);
        FloatMatrix[] matrices = {gaussian(24, 16, 1), gaussian(16, 40, 2)};
        work(probe, msign, matrices);
        device.forget();
        work(probe, msign, matrices);
        assertThat(device.calls()).noneMatch(call -> call.startsWith("allocate") || call.startsWith("free"));
    }

    private static void work(SpectrumProbe probe, MSign msign, FloatMatrix... matrices) {
        for (int slot = 0; slot < matrices.length; slot++) {
            probe.measure(slot, matrices[slot]);
            msign.apply(new PolarExpressPolarFactor(6), slot, matrices[slot]);
            msign.apply(new SvdPolarFactor(), slot, matrices[slot]);
        }
    }

    /** Once for the whole measurement, however many passes it takes. */
    @Test
    void shouldCopyAMeasuredMatrixInOnce() {
        FloatMatrix a = gaussian(30, 30, 3);
        MatrixSpectrum spectrum = new SpectrumProbe(backend, 1).measure(0, a);
        assertThat(spectrum.iterations()).isGreaterThan(3);
        assertThat(device.calls())
                .filteredOn(call -> call.startsWith("copyIn") && call.endsWith(" 3600"))
                .hasSize(1);
    }

    @Test
    void shouldFreeEverythingOnClose() {
        FloatMatrix kept = backend.allocate(300, 300);
        new MSign(backend, new SpectrumProbe(backend, 1)).apply(new PolarExpressPolarFactor(6), 0, gaussian(20, 30, 4));
        assertThat(device.held()).isGreaterThan(1);
        backend.close();
        assertThat(device.held()).isZero();
        assertThat(device.isClosed()).isTrue();
        assertThatThrownBy(() -> backend.read(kept)).hasMessage("the device is closed");
    }

    @Test
    void shouldUseTheMemoryOfForgottenMatricesAgain() {
        for (int i = 0; i < 3; i++) {
            backend.allocate(100, 100);
        }
        await().until(() -> {
            System.gc();
            device.forget();
            backend.allocate(90, 100);
            return device.calls().equals(List.of("zero #1 36000"))
                    || device.calls().equals(List.of("zero #2 36000"))
                    || device.calls().equals(List.of("zero #3 36000"));
        });
    }

    @Test
    void shouldPassOnThatMemoryRanOut() {
        device.limit(0);
        assertThatThrownBy(() -> backend.allocate(2, 2)).hasMessage("cudaMalloc: out of memory");
    }

    @Test
    void shouldRefuseToLetJavaReadTheDevice() {
        FloatMatrix own = backend.allocate(2, 2);
        assertThatThrownBy(own::values).hasMessage("this matrix lies on a device: read it through its backend");
        assertThatThrownBy(() -> own.get(0, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldKeepHostWorkOnTheHost() {
        FloatMatrix a = gaussian(3, 3, 5);
        device.forget();
        MatrixBackend host = backend.onHost();
        host.multiply(1, a, a, 0, host.allocate(3, 3));
        assertThat(device.calls()).isEqualTo(List.of());
        assertThat(elements(a)).doesNotContain(Float.NaN);
    }
}
