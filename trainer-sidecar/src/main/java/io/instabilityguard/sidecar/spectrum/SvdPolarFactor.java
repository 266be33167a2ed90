package io.instabilityguard.sidecar.spectrum;

/**
 * The exact polar factor by reduced singular value decomposition. Of a rank-deficient matrix it is the partial isometry of the
 * range: singular values up to 2 √(longer side) · 2⁻²³ · σ₁, the noise of float32, count as zero, so that ‖U Vᵀ‖F = √rank.
 */
public record SvdPolarFactor() implements PolarFactor {

    private static final double NOISE = 2 * 0x1p-23;

    @Override
    public boolean compute(Workspace workspace, FloatMatrix a, FloatMatrix factor) {
        MatrixBackend backend = workspace.backend();
        int k = a.smallSide();
        FloatMatrix scaled = workspace.matrix(1, a.rows(), a.columns());
        FloatMatrix left = workspace.matrix(2, a.rows(), k);
        FloatMatrix values = workspace.matrix(3, k, 1);
        FloatMatrix right = workspace.matrix(4, k, a.columns());
        backend.scale(1 / Math.sqrt(backend.dot(a, a)), a, scaled);
        if (!backend.decompose(scaled, left, values, right)) {
            return false;
        }
        int rank = rank(backend.read(values), Math.max(a.rows(), a.columns()));
        FloatMatrix nullSpace = right.rowsFrom(rank);
        backend.write(new float[nullSpace.size()], nullSpace);
        backend.multiply(1, left, right, 0, factor);
        return true;
    }

    private static int rank(float[] descending, int longerSide) {
        double noise = NOISE * Math.sqrt(longerSide) * descending[0];
        int rank = 0;
        while (rank < descending.length && descending[rank] > noise) {
            rank++;
        }
        return rank;
    }
}
