package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Update-to-weight ratios ‖W − W₀‖F / ‖W₀‖F since the previous sample, estimated on up to {@value #ENTRIES} entries of each matrix, always the
 * same ones: what fits the memory of any machine, 16 KiB per matrix. Exact for matrices of no more entries; else off by about 2 % (one standard
 * deviation, entries that are normally distributed). Mixing matrices are left out. Not thread-safe.
 */
final class SampledUpdates {
    /** At most so many entries of a matrix. */
    static final int ENTRIES = 4096;

    /** Fractional part of the golden ratio, in units of 2⁻³²: its multiples fill the unit interval evenly. */
    private static final long GOLDEN = 2_654_435_769L;

    private static final long UNIT = 1L << 32;

    private final Map<Integer, float[]> previous = new HashMap<>();

    /** The ratio of a matrix in host memory, whose entries are kept for the next sample; empty at the first one. */
    Optional<Statistic> updateRatio(Hello.Matrix matrix, FloatMatrix values) {
        if (matrix.role() == Hello.Role.RESIDUAL_MIXING) {
            return Optional.empty();
        }
        boolean isFirst = !previous.containsKey(matrix.index());
        float[] kept = previous.computeIfAbsent(matrix.index(), index -> new float[Math.min(values.size(), ENTRIES)]);
        double ratio = replace(kept, values.values(), values.size());
        return isFirst ? Optional.empty() : SidecarStatistic.UPDATE_RATIO.of(matrix.name(), matrix.depth(), ratio);
    }

    /** Forgets the previous sample. */
    void forget() {
        previous.clear();
    }

    private static double replace(float[] kept, FloatBuffer values, int size) {
        double change = 0;
        double before = 0;
        for (int i = 0; i < kept.length; i++) {
            float now = values.get(size <= ENTRIES ? i : position(i, size));
            double difference = (double) now - kept[i];
            change += difference * difference;
            before += (double) kept[i] * kept[i];
            kept[i] = now;
        }
        return change == 0 ? 0 : Math.sqrt(change / before);
    }

    private static int position(int i, int size) {
        return (int) (i * GOLDEN % UNIT * size / UNIT);
    }
}
