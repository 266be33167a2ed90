package io.instabilityguard.sidecar.spectrum.bench;

import io.instabilityguard.sidecar.spectrum.DeviceBackend;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.OpenBlasBackend;
import io.instabilityguard.sidecar.spectrum.PolarExpressPolarFactor;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import io.instabilityguard.sidecar.spectrum.Workspace;
import io.instabilityguard.sidecar.spectrum.cuda.CudaBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The numerics on a GPU against the CPU's in the same run, on matrices that lie in the memory of the one that computes. Every timed piece of
 * work ends with a number on the host, so that nothing is left queued on the device.
 */
public final class GpuBenchmark {
    private static final long SEED = 20260221;
    private static final int REPETITIONS = 20;
    private static final int CPU_REPETITIONS = 5;

    private final DeviceBackend gpu;
    private final MatrixBackend cpu;
    private final List<BenchResult> results = new ArrayList<>();

    private GpuBenchmark(DeviceBackend gpu, MatrixBackend cpu) {
        this.gpu = gpu;
        this.cpu = cpu;
    }

    /**
     * What came of it.
     *
     * @param results empty without a GPU
     * @param reason which GPU it was, or why there is none
     */
    public record Outcome(List<BenchResult> results, String reason) {}

    /** Times the first GPU, if there is one; one line per finished result to {@code progress}. */
    public static Outcome run(Consumer<String> progress) {
        MatrixBackend cpu = new OpenBlasBackend(1);
        CudaBackend.Found found = CudaBackend.open(cpu);
        if (found.backend().isEmpty()) {
            return new Outcome(List.of(), found.reason());
        }
        try (DeviceBackend gpu = found.backend().get()) {
            GpuBenchmark benchmark = new GpuBenchmark(gpu, cpu);
            for (int n : new int[] {1024, 2048, 4096}) {
                benchmark.size(n);
            }
            benchmark.batch(256, 128);
            benchmark.batch(64, 1024);
            benchmark.results.forEach(result -> progress.accept(result.toString()));
            return new Outcome(List.copyOf(benchmark.results), found.reason());
        }
    }

    private void size(int n) {
        FloatMatrix w = SpectrumBenchmark.lowStableRank(cpu, n, n, SEED);
        add("spectral norm of " + n + " x " + n + ", warm", spectralNorm(gpu, REPETITIONS, w), spectralNorm(cpu, 5, w));
        add("polar factor of " + n + " x " + n + ", 6 steps", factor(gpu, REPETITIONS, w), factor(cpu, 1, w));
        add("product of " + n + " x " + n, product(gpu, REPETITIONS, w), product(cpu, CPU_REPETITIONS, w));
    }

    /** Matrices of one shape at once, against the same one by one on both. */
    private void batch(int n, int count) {
        FloatMatrix w = SpectrumBenchmark.lowStableRank(cpu, n, n, SEED);
        results.add(BenchResult.comparing(
                "GPU: spectral norms of " + count + " of " + n + " x " + n + ", warm, at once",
                spectralNorms(gpu, REPETITIONS, w, count, count),
                Map.of(
                        "GPU, one by one",
                        spectralNorms(gpu, REPETITIONS, w, count, 1),
                        cpu.name(),
                        spectralNorms(cpu, CPU_REPETITIONS, w, count, 1)),
                null));
    }

    private static Timing spectralNorms(
            MatrixBackend backend, int repetitions, FloatMatrix w, int count, int together) {
        SpectrumProbe probe = new SpectrumProbe(backend, count);
        List<FloatMatrix> matrices =
                Stream.generate(() -> own(backend, w)).limit(count).toList();
        List<Integer> slots = IntStream.range(0, count).boxed().toList();
        return Timing.of(repetitions, () -> {}, () -> {
            for (int first = 0; first < count; first += together) {
                int end = first + together;
                probe.measureEach(slots.subList(first, end), matrices.subList(first, end));
            }
        });
    }

    private void add(String name, Timing ours, Timing theirs) {
        results.add(BenchResult.comparing("GPU: " + name, ours, Map.of(cpu.name(), theirs), null));
    }

    private static FloatMatrix own(MatrixBackend backend, FloatMatrix w) {
        FloatMatrix own = backend.allocate(w.rows(), w.columns());
        backend.scale(1, w, own);
        return own;
    }

    private static Timing spectralNorm(MatrixBackend backend, int repetitions, FloatMatrix w) {
        FloatMatrix own = own(backend, w);
        SpectrumProbe probe = new SpectrumProbe(backend, 1);
        probe.measure(0, own);
        return Timing.of(repetitions, () -> {}, () -> probe.measure(0, own));
    }

    private static Timing factor(MatrixBackend backend, int repetitions, FloatMatrix w) {
        FloatMatrix own = own(backend, w);
        FloatMatrix factor = backend.allocate(w.rows(), w.columns());
        Workspace workspace = new Workspace(backend);
        return Timing.of(repetitions, () -> {}, () -> {
            new PolarExpressPolarFactor(6).compute(workspace, own, factor);
            backend.dot(factor, factor);
        });
    }

    private static Timing product(MatrixBackend backend, int repetitions, FloatMatrix w) {
        FloatMatrix own = own(backend, w);
        FloatMatrix target = backend.allocate(w.rows(), w.columns());
        return Timing.of(repetitions, () -> {}, () -> {
            backend.multiply(1, own, own, 0, target);
            backend.dot(target, target);
        });
    }
}
