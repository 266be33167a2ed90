package io.instabilityguard.sidecar.koopman;

import io.instabilityguard.sidecar.spectrum.FloatMatrix;

/**
 * The residual stream around one block at the same sampled tokens: row i of both matrices is token i, as they lie in the staging
 * slots. Nothing is copied and nothing is written.
 *
 * @param entering tokens × width, what enters the block
 * @param leaving tokens × width, what leaves it
 */
public record BlockSnapshots(FloatMatrix entering, FloatMatrix leaving) {

    /** Throws {@link IllegalArgumentException} when the two shapes differ. */
    public BlockSnapshots {
        if (entering.rows() != leaving.rows() || entering.columns() != leaving.columns()) {
            throw new IllegalArgumentException("snapshots of one block must have one shape, not "
                    + entering.rows() + " x " + entering.columns() + " entering and " + leaving.rows() + " x "
                    + leaving.columns() + " leaving");
        }
    }

    /** Number of tokens. */
    public int tokens() {
        return entering.rows();
    }

    /** Width of the residual stream. */
    public int width() {
        return entering.columns();
    }
}
