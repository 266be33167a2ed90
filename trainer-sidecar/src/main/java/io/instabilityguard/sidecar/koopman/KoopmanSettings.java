package io.instabilityguard.sidecar.koopman;

/**
 * How {@link KoopmanProbe} and {@link JacobianProbe} reduce snapshots, and when a profile abstains.
 *
 * @param rank principal components that are kept of a stream wider than {@code largestFullWidth}; 1 or more
 * @param largestFullWidth widest stream that is decomposed in full; 0 or more
 * @param epsilon added to every variance before whitening; above 0
 * @param residualTolerance τ of the ResDMD filter: a mode with a larger relative residual is dropped; above 0
 * @param tokensPerMode fewest tokens per mode below which the profile abstains; 1 or more
 * @param largestMedianResidual above it the profile abstains
 * @param largestNonlinearity above it the profile abstains
 */
public record KoopmanSettings(
        int rank,
        int largestFullWidth,
        double epsilon,
        double residualTolerance,
        double tokensPerMode,
        double largestMedianResidual,
        double largestNonlinearity) {

    /**
     * The paper's rank 32, ε = 10⁻⁵ and τ = 0.1. The limits are ours: a median residual of τ, because with fewer than half of the
     * modes kept a mass speaks for a minority; and η_nl of 0.8, because a regression on pure noise with four tokens per mode reaches
     * √(1 − 1/4) = 0.87, while blocks of the reference model show 0.04 to 0.72 in training that goes well.
     */
    public static final KoopmanSettings DEFAULT = new KoopmanSettings(32, 96, 1e-5, 0.1, 2, 0.1, 0.8);

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
