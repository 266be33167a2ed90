package io.instabilityguard.sidecar.koopman;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Koopman profile of one block from its residual snapshots (RKSP, arXiv 2602.22988): centre; reduce a wide stream to its leading
 * principal components; whiten with the entering snapshots' statistics; fit the linear operator; its eigenvalues, their ResDMD residuals and
 * the masses of those that pass.
 *
 * <p>Against the paper: truncation comes before whitening (after it all directions are equal), and directions in which the
 * entering snapshots do not vary carry no mode. Eigenvalues of the full decomposition depend neither on whitening nor on ε.
 *
 * <p>Needs OpenBLAS' LAPACK, on the threads that OpenBLAS was given; where it does not load every profile abstains. Not thread-safe;
 * reuses its work memory.
 */
public final class KoopmanProbe {
    private static final double NEAR_UNIT_FROM = 0.90;
    private static final double NEAR_UNIT_TO = 1.05;
    private static final double CONTRACTING_BELOW = 0.80;

    private final KoopmanSettings settings;
    private final @Nullable SnapshotMoments moments;
    private final @Nullable WhitenedModes decomposition;

    /** A probe with work memory of its own. */
    public KoopmanProbe(KoopmanSettings settings) {
        this.settings = settings;
        Lapack lapack = Lapack.loaded();
        moments = lapack == null ? null : new SnapshotMoments(lapack, settings);
        decomposition = lapack == null ? null : new WhitenedModes(lapack, settings);
    }

    /** Profiles {@code block}; never throws on its values: bad ones give a profile that abstains. */
    public KoopmanProfile profile(BlockSnapshots block) {
        if (moments == null || decomposition == null) {
            return KoopmanProfile.abstaining(block, Lapack.MISSING);
        }
        String reason = moments.measure(block);
        if (!reason.isEmpty()) {
            return KoopmanProfile.abstaining(block, reason);
        }
        if (!decomposition.decompose(moments)) {
            return KoopmanProfile.abstaining(block, "the eigenvalues did not converge");
        }
        return summarize(block, decomposition);
    }

    private KoopmanProfile summarize(BlockSnapshots block, WhitenedModes found) {
        List<KoopmanMode> modes = found.modes();
        double[] kept = modes.stream()
                .filter(KoopmanMode::kept)
                .mapToDouble(KoopmanMode::modulus)
                .toArray();
        double median = median(modes.stream().mapToDouble(KoopmanMode::residual).toArray());
        return new KoopmanProfile(
                block.tokens(),
                block.width(),
                modes.size(),
                share(kept, NEAR_UNIT_FROM, NEAR_UNIT_TO),
                share(kept, Math.nextUp(NEAR_UNIT_TO), Double.POSITIVE_INFINITY),
                share(kept, 0, Math.nextDown(CONTRACTING_BELOW)),
                kept.length == 0 ? Double.NaN : kept[0],
                found.eigenvectorCondition(),
                found.nonlinearityRatio(),
                median,
                (double) kept.length / modes.size(),
                abstention(SnapshotMoments.sizeFor(block, settings), modes.size(), median, found.nonlinearityRatio()),
                modes);
    }

    private String abstention(int size, int rank, double medianResidual, double nonlinearityRatio) {
        if (2 * rank < size) {
            return "the entering snapshots span only " + rank + " of " + size + " directions";
        }
        if (nonlinearityRatio > settings.largestNonlinearity()) {
            return over("nonlinearity ratio", nonlinearityRatio, settings.largestNonlinearity());
        }
        if (medianResidual > settings.largestMedianResidual()) {
            return over("median residual", medianResidual, settings.largestMedianResidual());
        }
        return "";
    }

    private static String over(String what, double value, double limit) {
        return String.format(Locale.ROOT, "the %s %.3f is over its limit %.3f", what, value, limit);
    }

    private static double share(double[] moduli, double from, double to) {
        int inside = 0;
        for (double modulus : moduli) {
            inside += modulus >= from && modulus <= to ? 1 : 0;
        }
        return moduli.length == 0 ? Double.NaN : (double) inside / moduli.length;
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        int middle = values.length / 2;
        return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
