package io.instabilityguard.sidecar.koopman;

import java.util.Arrays;
import java.util.Random;

/**
 * Second moments of one block's centred snapshots (entering X, contribution F, both tokens × width) in its leading principal components: of X
 * when the stream is wider than the settings' full width, else in the coordinates themselves. The principal components are those of the
 * raw, not whitened X: whitening makes all directions equal, so that truncating after it would keep arbitrary ones.
 *
 * <p>Components by subspace iteration with a Rayleigh–Ritz step (Halko, Martinsson, Tropp, SIAM Review 53, Algorithms 4.4 and 5.3): leading
 * ones that stand out are right to many digits, the last few only where variance decays. Reuses its memory.
 */
final class SnapshotMoments {
    /** A variance this small against the mean square is float32's rounding of the values. */
    private static final double ROUNDING = 1e-13;

    private static final int OVERSAMPLING = 8;
    private static final int POWER_ITERATIONS = 4;
    /** Tokens per principal component that are enough to find the subspace; the moments in it are of all tokens. */
    private static final int TOKENS_PER_COMPONENT = 12;

    private static final long SEED = 20260222;

    private final Lapack lapack;
    private final KoopmanSettings settings;
    private final CentredSnapshots snapshots = new CentredSnapshots();

    private int size;
    private int rank;
    private boolean truncated;
    private double contributionVariance;
    private double[] basis = new double[0];
    private double[] image = new double[0];
    private double[] projectedEntering = new double[0];
    private double[] projectedContribution = new double[0];
    private double[] components = new double[0];
    private double[] variances = new double[0];
    private double[] cross = new double[0];
    private double[] contributions = new double[0];

    SnapshotMoments(Lapack lapack, KoopmanSettings settings) {
        this.lapack = lapack;
        this.settings = settings;
    }

    /** Number of coordinates that {@code block} would be reduced to. */
    static int sizeFor(BlockSnapshots block, KoopmanSettings settings) {
        return block.width() <= settings.largestFullWidth() ? block.width() : Math.min(block.width(), settings.rank());
    }

    /** Why there are no moments of {@code block}; empty when the accessors now hold them. */
    String measure(BlockSnapshots block) {
        size = sizeFor(block, settings);
        int needed = (int) Math.ceil(settings.tokensPerMode() * size) + 1;
        if (block.tokens() < needed || size == 0) {
            return "too few tokens: " + block.tokens() + " for " + size + " modes, at least " + needed + " are needed";
        }
        if (!snapshots.open(block)) {
            return "a snapshot holds a NaN or an infinity";
        }
        grow(block.width());
        truncated = size < block.width();
        if (truncated && !findBasis()) {
            return "the principal components did not converge";
        }
        accumulate();
        if (!lapack.decomposeSymmetric(size, components, variances)) {
            return "the principal components did not converge";
        }
        rank = countAbove(ROUNDING * snapshots.largestMeanSquare());
        return rank == 0 ? "the entering snapshots do not vary" : "";
    }

    private void grow(int width) {
        basis = atLeast(basis, (size + OVERSAMPLING) * width);
        image = atLeast(image, (size + OVERSAMPLING) * width);
        projectedEntering = atLeast(projectedEntering, CentredSnapshots.CHUNK * (size + OVERSAMPLING));
        projectedContribution = atLeast(projectedContribution, CentredSnapshots.CHUNK * size);
        components = atLeast(components, (size + OVERSAMPLING) * (size + OVERSAMPLING));
        variances = atLeast(variances, size + OVERSAMPLING);
        cross = atLeast(cross, width * size);
        contributions = atLeast(contributions, size * size);
    }

    private static double[] atLeast(double[] array, int length) {
        return array.length >= length ? array : new double[length];
    }

    /** Rows of {@code basis} ← the leading {@code size} principal directions of X. */
    private boolean findBasis() {
        int width = snapshots.width();
        int count = Math.min(width, size + OVERSAMPLING);
        Random random = new Random(SEED);
        for (int i = 0; i < count * width; i++) {
            basis[i] = random.nextGaussian();
        }
        for (int i = 0; i < POWER_ITERATIONS; i++) {
            if (!lapack.orthonormalize(count, width, basis)) {
                return false;
            }
            applyCovariance(count, width);
            double[] last = basis;
            basis = image;
            image = last;
        }
        return rotate(count, width);
    }

    /** image ← basis · XᵀX, rows being directions. */
    private void applyCovariance(int count, int width) {
        snapshots.rewind(Math.max(1, snapshots.tokens() / (TOKENS_PER_COMPONENT * count)));
        double beta = 0;
        while (snapshots.nextEntering()) {
            int tokens = snapshots.count();
            lapack.multiplyByTransposed(count, width, tokens, basis, snapshots.entering(), projectedEntering);
            lapack.multiply(count, tokens, width, projectedEntering, snapshots.entering(), beta, image);
            beta = 1;
        }
    }

    /** Rayleigh–Ritz: basis holds Z = Q XᵀX and image holds Q; basis ← the leading eigenvectors of Q XᵀX Qᵀ, seen through Q. */
    private boolean rotate(int count, int width) {
        lapack.multiplyByTransposed(count, width, count, basis, image, components);
        if (!lapack.decomposeSymmetric(count, components, variances)) {
            return false;
        }
        double[] leading = Arrays.copyOfRange(components, (count - size) * count, count * count);
        lapack.multiply(size, count, width, leading, image, 0, basis);
        return true;
    }

    private void accumulate() {
        int width = snapshots.width();
        snapshots.rewind(1);
        contributionVariance = 0;
        double beta = 0;
        while (snapshots.next()) {
            int tokens = snapshots.count();
            contributionVariance += sumOfSquares(snapshots.contribution(), tokens * width);
            double[] x = project(snapshots.entering(), projectedEntering);
            double[] f = project(snapshots.contribution(), projectedContribution);
            lapack.multiplyTransposed(size, tokens, size, x, x, beta, components);
            lapack.multiplyTransposed(width, tokens, size, snapshots.contribution(), x, beta, cross);
            lapack.multiplyTransposed(size, tokens, size, f, f, beta, contributions);
            beta = 1;
        }
        double degrees = snapshots.tokens() - 1;
        contributionVariance /= degrees;
        divide(components, size * size, degrees);
        divide(cross, width * size, degrees);
        divide(contributions, size * size, degrees);
    }

    private double[] project(double[] chunk, double[] target) {
        if (!truncated) {
            return chunk;
        }
        lapack.multiplyByTransposed(snapshots.count(), snapshots.width(), size, chunk, basis, target);
        return target;
    }

    private static double sumOfSquares(double[] values, int length) {
        double sum = 0;
        for (int i = 0; i < length; i++) {
            sum += values[i] * values[i];
        }
        return sum;
    }

    private static void divide(double[] values, int length, double divisor) {
        for (int i = 0; i < length; i++) {
            values[i] /= divisor;
        }
    }

    private int countAbove(double limit) {
        int below = 0;
        while (below < size && !(variances[below] > limit)) {
            below++;
        }
        return size - below;
    }

    /** Total variance of F over all coordinates of the stream. */
    double contributionVariance() {
        return contributionVariance;
    }

    int tokens() {
        return snapshots.tokens();
    }

    /** Width of the stream. */
    int width() {
        return snapshots.width();
    }

    /** Coordinates that the moments are in. */
    int size() {
        return size;
    }

    /** Directions of X with a variance above rounding: the last {@code rank} rows of {@link #components()}. */
    int rank() {
        return rank;
    }

    /** True when the coordinates are principal components, false when they are the stream's own. */
    boolean truncated() {
        return truncated;
    }

    /** size × width: the principal directions, when truncated. */
    double[] basis() {
        return basis;
    }

    /** size × size: row i is the eigenvector of the covariance of X that belongs to variance i. */
    double[] components() {
        return components;
    }

    /** Variances of X along {@link #components()}, ascending. */
    double[] variances() {
        return variances;
    }

    /** width × size: covariance of F, in the stream's own coordinates, with X. */
    double[] cross() {
        return cross;
    }

    /** size × size: covariance of F. */
    double[] contributions() {
        return contributions;
    }
}
