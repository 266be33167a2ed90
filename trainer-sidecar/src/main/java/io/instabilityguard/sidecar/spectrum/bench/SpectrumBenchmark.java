package io.instabilityguard.sidecar.spectrum.bench;

import io.instabilityguard.sidecar.spectrum.EjmlBackend;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.OpenBlasBackend;
import io.instabilityguard.sidecar.spectrum.PolarExpressPolarFactor;
import io.instabilityguard.sidecar.spectrum.PolarFactor;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import io.instabilityguard.sidecar.spectrum.SvdPolarFactor;
import io.instabilityguard.sidecar.spectrum.Workspace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The numerics' benchmark behind {@code ./guard bench numerics}: OpenBLAS on one thread, ours and the rivals' in the same run, fixed
 * seeds. Every repetition of the spectral norm measures a matrix that drifted since the last one, as weights do; the drift is not timed.
 *
 * <p>An {@code OPENBLAS_CORETYPE} in the environment makes OpenBLAS choose slower kernels; it is read when the library loads, so whoever
 * starts this process must unset it. {@link #environment()} says whether it was set.
 */
public final class SpectrumBenchmark {
    private static final double REQUIRED_RATIO = 300;
    private static final double DRIFT = 3e-3;
    private static final long SEED = 20260221;

    private final OpenBlasBackend backend;
    private final Consumer<String> progress;
    private final List<BenchResult> results = new ArrayList<>();

    private SpectrumBenchmark(OpenBlasBackend backend, Consumer<String> progress) {
        this.backend = backend;
        this.progress = progress;
    }

    /**
     * Runs everything (about two minutes), one line per finished result to {@code progress}. Needs the native library: throws
     * {@link LinkageError} or {@link RuntimeException} where it does not load.
     */
    public static List<BenchResult> run(Consumer<String> progress) {
        SpectrumBenchmark benchmark = new SpectrumBenchmark(new OpenBlasBackend(1), progress);
        benchmark.spectralNorm(2048);
        benchmark.layerSet("measure 4 layers of width 32, warm", 4, 32);
        benchmark.layerSet("measure 1 layer of width 1024, warm", 1, 1024);
        benchmark.polarFactor(512);
        benchmark.polarFactor(1024);
        benchmark.product(1024);
        return List.copyOf(benchmark.results);
    }

    /** What the figures depend on: backend, processor, Java, and OpenBLAS' environment variables as this process has them. */
    public static Map<String, String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("backend", new OpenBlasBackend(1).name());
        environment.put("java", Runtime.version().toString());
        environment.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        environment.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        environment.put("OPENBLAS_CORETYPE", System.getenv().getOrDefault("OPENBLAS_CORETYPE", "unset"));
        return environment;
    }

    private void spectralNorm(int n) {
        FloatMatrix w = lowStableRank(n, n, SEED);
        FloatMatrix step = gaussian(n, n, DRIFT * norm(w) / n, SEED + 1);
        SpectrumProbe probe = new SpectrumProbe(backend, 1);
        probe.measure(0, w);
        Runnable drift = () -> {
            backend.scale(-1, step, step);
            backend.add(1, step, w);
        };
        Timing ours = Timing.of(20, drift, () -> probe.measure(0, w));
        FloatMatrix copy = backend.allocate(n, n);
        FloatMatrix values = backend.allocate(n, 1);
        Timing gesdd = Timing.of(3, () -> backend.scale(1, w, copy), () -> backend.singularValues(copy, values));
        Timing gesvd = Timing.of(1, () -> backend.scale(1, w, copy), () -> backend.singularValuesByQr(copy, values));
        record(
                "spectral norm, Frobenius norm and residual of " + n + " x " + n + " float32, warm",
                ours,
                Map.of("LAPACK sgesdd, values only", gesdd, "LAPACK sgesvd, values only", gesvd),
                REQUIRED_RATIO);
    }

    /** Query, key, value, output (d × d) and the two MLP matrices (4d × d, d × 4d) of every layer. */
    private void layerSet(String name, int layers, int d) {
        List<FloatMatrix> weights = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            for (int i = 0; i < 4; i++) {
                weights.add(lowStableRank(d, d, SEED + weights.size()));
            }
            weights.add(lowStableRank(4 * d, d, SEED + weights.size()));
            weights.add(lowStableRank(d, 4 * d, SEED + weights.size()));
        }
        record(name, measuring(backend, weights), Map.of("EJML backend", measuring(new EjmlBackend(), weights)), null);
    }

    private Timing measuring(MatrixBackend measurer, List<FloatMatrix> weights) {
        SpectrumProbe probe = new SpectrumProbe(measurer, weights.size());
        return Timing.of(20, () -> {}, () -> {
            for (int slot = 0; slot < weights.size(); slot++) {
                probe.measure(slot, weights.get(slot));
            }
        });
    }

    private void polarFactor(int n) {
        FloatMatrix w = lowStableRank(n, n, SEED);
        record(
                "polar factor of " + n + " x " + n + ", Polar Express, 6 steps",
                factoring(new PolarExpressPolarFactor(6), w),
                Map.of("exact, LAPACK sgesdd", factoring(new SvdPolarFactor(), w)),
                null);
    }

    private Timing factoring(PolarFactor strategy, FloatMatrix w) {
        Workspace workspace = new Workspace(backend);
        FloatMatrix factor = backend.allocate(w.rows(), w.columns());
        return Timing.of(5, () -> {}, () -> strategy.compute(workspace, w, factor));
    }

    private void product(int n) {
        record(
                "product of " + n + " x " + n + " float32",
                multiplying(backend, n),
                Map.of("EJML", multiplying(new EjmlBackend(), n)),
                null);
    }

    private Timing multiplying(MatrixBackend multiplier, int n) {
        FloatMatrix left = gaussian(n, n, 1, SEED);
        FloatMatrix target = FloatMatrix.zeros(n, n);
        return Timing.of(5, () -> {}, () -> multiplier.multiply(1, left, left, 0, target));
    }

    private void record(String name, Timing ours, Map<String, Timing> rivals, @Nullable Double limitRatio) {
        BenchResult result = BenchResult.comparing(name, ours, rivals, limitRatio);
        results.add(result);
        progress.accept(result.toString());
    }

    /** A matrix of stable rank about 5: 64 directions that decay by a tenth each, over noise. */
    private FloatMatrix lowStableRank(int rows, int columns, long seed) {
        return lowStableRank(backend, rows, columns, seed);
    }

    static FloatMatrix lowStableRank(MatrixBackend backend, int rows, int columns, long seed) {
        int directions = Math.min(64, Math.min(rows, columns));
        FloatMatrix left = gaussian(rows, directions, 1, seed);
        FloatMatrix right = gaussian(directions, columns, 1, seed + 1);
        for (int i = 0; i < directions; i++) {
            FloatMatrix direction = right.rowsFrom(i).reshaped(1, columns);
            backend.scale(Math.pow(0.9, i), direction, direction);
        }
        FloatMatrix w = gaussian(rows, columns, 0.002, seed + 2);
        backend.multiply(0.02, left, right, 1, w);
        return w;
    }

    private static FloatMatrix gaussian(int rows, int columns, double deviation, long seed) {
        Random random = new Random(seed);
        FloatMatrix matrix = FloatMatrix.zeros(rows, columns);
        for (int i = 0; i < matrix.size(); i++) {
            matrix.values().put(i, (float) (deviation * random.nextGaussian()));
        }
        return matrix;
    }

    private double norm(FloatMatrix a) {
        return Math.sqrt(backend.dot(a, a));
    }
}
