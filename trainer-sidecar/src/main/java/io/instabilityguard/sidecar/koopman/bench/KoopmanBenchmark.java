package io.instabilityguard.sidecar.koopman.bench;

import io.instabilityguard.sidecar.koopman.BlockSnapshots;
import io.instabilityguard.sidecar.koopman.JacobianProbe;
import io.instabilityguard.sidecar.koopman.KoopmanProbe;
import io.instabilityguard.sidecar.koopman.KoopmanSettings;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.OpenBlasBackend;
import io.instabilityguard.sidecar.spectrum.bench.BenchResult;
import io.instabilityguard.sidecar.spectrum.bench.Timing;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/**
 * What one block's Koopman profile and Jacobian cost, on one thread and with the hook's default number of tokens, beside the exact
 * eigenproblem of the whole width; part of {@code ./guard bench numerics}. Snapshots are a decaying stream and a contribution of a
 * tenth of it, with fixed seeds.
 */
public final class KoopmanBenchmark {
    private static final int TOKENS_PER_COORDINATE = 4;
    private static final int MOST_TOKENS = 2048;
    private static final KoopmanSettings DEFAULT = KoopmanSettings.DEFAULT;

    private final Consumer<String> progress;
    private final List<BenchResult> results = new ArrayList<>();

    private KoopmanBenchmark(Consumer<String> progress) {
        this.progress = progress;
    }

    /**
     * Runs everything (under a minute), one line per finished result to {@code progress}. Needs the native library: throws
     * {@link LinkageError} or {@link RuntimeException} where it does not load.
     */
    public static List<BenchResult> run(Consumer<String> progress) {
        KoopmanBenchmark benchmark = new KoopmanBenchmark(progress);
        OpenBlasBackend backend = new OpenBlasBackend(1);
        for (int width : new int[] {32, 64, 128, 768}) {
            benchmark.block(backend, width);
        }
        return List.copyOf(benchmark.results);
    }

    private void block(OpenBlasBackend backend, int width) {
        BlockSnapshots block = snapshots(width);
        boolean full = width <= DEFAULT.largestFullWidth();
        int repetitions = width > 256 ? 5 : 20;
        Timing ours = profiling(DEFAULT, block, repetitions);
        Timing other = profiling(withFullWidth(full ? 0 : width), block, width > 256 ? 1 : 20);
        String rival = full ? "truncated to rank " + DEFAULT.rank() : "full eigenproblem";
        record("Koopman profile of one block, " + shape(block, full), ours, Map.of(rival, other));
        JacobianProbe jacobians = new JacobianProbe(backend, DEFAULT, 1);
        Timing jacobian = Timing.of(repetitions, () -> {}, () -> jacobians.measure(List.of(block)));
        record("Jacobian of one block, " + shape(block, full), jacobian, Map.of());
    }

    private static Timing profiling(KoopmanSettings settings, BlockSnapshots block, int repetitions) {
        KoopmanProbe probe = new KoopmanProbe(settings);
        return Timing.of(repetitions, () -> {}, () -> probe.profile(block));
    }

    private static KoopmanSettings withFullWidth(int largestFullWidth) {
        return new KoopmanSettings(
                DEFAULT.rank(),
                largestFullWidth,
                DEFAULT.epsilon(),
                DEFAULT.residualTolerance(),
                DEFAULT.tokensPerMode(),
                DEFAULT.largestMedianResidual(),
                DEFAULT.largestNonlinearity());
    }

    private static String shape(BlockSnapshots block, boolean full) {
        return "width " + block.width() + ", " + block.tokens() + " tokens, "
                + (full ? "full" : "rank " + DEFAULT.rank());
    }

    private void record(String name, Timing ours, Map<String, Timing> rivals) {
        BenchResult result = BenchResult.comparing(name, ours, rivals, null);
        results.add(result);
        progress.accept(result.toString());
    }

    private static BlockSnapshots snapshots(int width) {
        int tokens = Math.min(MOST_TOKENS, TOKENS_PER_COORDINATE * width);
        Random random = new Random(width);
        FloatMatrix entering = FloatMatrix.zeros(tokens, width);
        FloatMatrix leaving = FloatMatrix.zeros(tokens, width);
        for (int i = 0; i < entering.size(); i++) {
            int j = i % width;
            float before = (float) (random.nextGaussian() / (1 + 0.1 * j));
            entering.values().put(i, before);
            leaving.values().put(i, before + 0.1f * (float) Math.tanh(random.nextGaussian() + before));
        }
        return new BlockSnapshots(entering, leaving);
    }
}
