package io.instabilityguard.sidecar.koopman;

import java.util.List;

/**
 * Koopman profile of one block (RKSP, arXiv 2602.22988, §2 and Def. 1): the spectrum of the linear operator that carries the whitened
 * entering snapshots X̃ into the whitened leaving ones Ỹ. Masses and spectral radius are over the modes that the residual filter
 * kept. Numbers that could not be computed are NaN.
 *
 * @param tokens number of tokens
 * @param width width of the residual stream
 * @param rank number of modes: the numerical rank of the (possibly truncated) entering snapshots
 * @param nearUnitMass share of kept modes with |λ| in [0.90, 1.05]
 * @param overUnitMass share with |λ| above 1.05
 * @param contractingMass share with |λ| below 0.80
 * @param spectralRadius largest |λ| of a kept mode
 * @param eigenvectorCondition κ(V) = ‖V‖2 ‖V⁻¹‖2 of the unit right eigenvectors, all modes; infinite when defective
 * @param nonlinearityRatio η_nl = ‖Ỹ − ÂX̃‖F / ‖Ỹ − X̃‖F, the part of the block's own contribution that no linear map explains, in [0, 1];
 *     0 when the block contributes nothing
 * @param medianResidual median relative residual of all modes
 * @param keptShare share of modes that the residual filter kept
 * @param abstention why the profile must not be used; empty when it may be
 * @param modes all modes, largest modulus first, at most rank; empty when the profile could not be computed
 */
public record KoopmanProfile(
        int tokens,
        int width,
        int rank,
        double nearUnitMass,
        double overUnitMass,
        double contractingMass,
        double spectralRadius,
        double eigenvectorCondition,
        double nonlinearityRatio,
        double medianResidual,
        double keptShare,
        String abstention,
        List<KoopmanMode> modes) {

    /** Copies the modes. */
    public KoopmanProfile {
        modes = List.copyOf(modes);
    }

    /** A profile without numbers. */
    static KoopmanProfile abstaining(BlockSnapshots block, String reason) {
        double none = Double.NaN;
        return new KoopmanProfile(
                block.tokens(), block.width(), 0, none, none, none, none, none, none, none, none, reason, List.of());
    }

    /** True when the profile may be used. */
    public boolean usable() {
        return abstention.isEmpty();
    }

    /** Real and imaginary part of each of the first {@code limit} modes in turn, for display. */
    public float[] eigenvalues(int limit) {
        float[] parts = new float[2 * Math.min(limit, modes.size())];
        for (int i = 0; i < parts.length; i += 2) {
            parts[i] = (float) modes.get(i / 2).real();
            parts[i + 1] = (float) modes.get(i / 2).imaginary();
        }
        return parts;
    }
}
