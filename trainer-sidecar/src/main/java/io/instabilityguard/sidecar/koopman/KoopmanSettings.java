package io.instabilityguard.sidecar.koopman;

/**
 * How {@link KoopmanProbe} and {@link JacobianProbe} reduce snapshots, and when a profile abstains.
 *
 * @param rank principal components that are kept of a stream wider than {@code largestFullWidth}; 1 or more
 * @param largestFullWidth widest stream that is decomposed in full; 0 or more
 * @param epsilon added to every variance before whitening, and the ridge of the Jacobians' regression; above 0
 * @param residualTolerance τ of the ResDMD filter: a mode with a larger relative residual is dropped; above 0
 * @param tokensPerMode fewest tokens per mode below which the profile abstains; 1 or more
 * @param largestMedianResidual above it the profile abstains
 * @param largestNonlinearity above it the profile abstains; 1 never abstains, as η_nl is at most 1
 */
public record KoopmanSettings(
        int rank,
        int largestFullWidth,
        double epsilon,
        double residualTolerance,
        double tokensPerMode,
        double largestMedianResidual,
        double largestNonlinearity) {

    /** The paper's rank 32, ε = 10⁻⁵ and τ = 0.1; the limits are ours. */
    public static final KoopmanSettings DEFAULT = new KoopmanSettings(32, 96, 1e-5, 0.1, 2, 1, 1);

    /** Throws {@link IllegalArgumentException} for a value out of its range. */
    public KoopmanSettings {
        require(rank >= 1, "rank", rank, "1 or more");
        require(largestFullWidth >= 0, "largestFullWidth", largestFullWidth, "0 or more");
        require(epsilon > 0, "epsilon", epsilon, "a number above 0");
        require(residualTolerance > 0, "residualTolerance", residualTolerance, "a number above 0");
        require(tokensPerMode >= 1, "tokensPerMode", tokensPerMode, "1 or more");
        require(largestMedianResidual > 0, "largestMedianResidual", largestMedianResidual, "a number above 0");
        require(largestNonlinearity > 0, "largestNonlinearity", largestNonlinearity, "a number above 0");
    }

    private static void require(boolean holds, String name, double value, String range) {
        if (!holds) {
            throw new IllegalArgumentException("koopman " + name + " " + value + ": give " + range);
        }
    }
}
