package io.instabilityguard.sidecar.spectrum;

/**
 * The polar factor by Polar Express (Amsel, Persson, Musco, Gower, arXiv 2505.16932, Appendix A): the degree-5 iteration
 * X ← aX + bGX + cG²X, G = XXᵀ (or XG with G = XᵀX when X is tall), from X₀ = A / (1.01 ‖A‖F), with the coefficients that
 * are optimal for singular values in [10⁻³, 1]. Products only; the singular vectors stay, the singular values go to 1 from both sides.
 *
 * <p>What it does not give: a singular value below 10⁻³ ‖A‖F needs more steps than 6 (9 or 10 at 10⁻⁴, 13 or 14 at 10⁻⁵) and
 * until then stays below 1: 5 to 8 steps are a "soft" factor, and the orthogonality defect says how soft. Below 5 steps the singular
 * values scatter between 0 and 2, so that the stable rank may even fall. The null space of a rank-deficient matrix stays null for
 * about ten steps; beyond that rounding noise in it grows. The paper adds 10⁻⁷ to the norm against division by zero; here zero
 * matrices are refused before, and the scaling is done in double.
 *
 * @param steps number of iterations, 1 to 50; 6 suit most weights
 */
public record PolarExpressPolarFactor(int steps) implements PolarFactor {

    private static final double SAFETY = 1.01;

    private static final double[][] COEFFICIENTS = {
        {8.28721201814563, -23.595886519098837, 17.300387312530933},
        {4.107059111542203, -2.9478499167379106, 0.5448431082926601},
        {3.9486908534822946, -2.908902115962949, 0.5518191394370137},
        {3.3184196573706015, -2.488488024314874, 0.51004894012372},
        {2.300652019954817, -1.6689039845747493, 0.4188073119525673},
        {1.891301407787398, -1.2679958271945868, 0.37680408948524835},
        {1.8750014808534479, -1.2500016453999487, 0.3750001645474248},
    };
    private static final double[] LIMIT = {1.875, -1.25, 0.375};

    /** Throws {@link IllegalArgumentException} for steps outside 1 to 50. */
    public PolarExpressPolarFactor {
        if (steps < 1 || steps > 50) {
            throw new IllegalArgumentException("polar express with " + steps + " steps: give 1 to 50");
        }
    }

    @Override
    public boolean compute(Workspace workspace, FloatMatrix a, FloatMatrix factor) {
        MatrixBackend backend = workspace.backend();
        FloatMatrix other = workspace.matrix(3, a.rows(), a.columns());
        FloatMatrix x = steps % 2 == 0 ? factor : other;
        FloatMatrix next = steps % 2 == 0 ? other : factor;
        backend.scale(1 / (SAFETY * Math.sqrt(backend.dot(a, a))), a, x);
        for (int step = 0; step < steps; step++) {
            iterate(workspace, coefficients(step), x, next);
            FloatMatrix last = x;
            x = next;
            next = last;
        }
        return true;
    }

    /** next ← c (G² + (b/c) G + (a/c) I) x; G is symmetric, so its square is a Gram matrix too, at half the price of a product. */
    private static void iterate(Workspace workspace, double[] coefficients, FloatMatrix x, FloatMatrix next) {
        MatrixBackend backend = workspace.backend();
        int n = x.smallSide();
        double c = coefficients[2];
        FloatMatrix gram = workspace.matrix(1, n, n);
        FloatMatrix polynomial = workspace.matrix(2, n, n);
        backend.smallGram(x, gram);
        backend.smallGram(gram, polynomial);
        backend.add(coefficients[1] / c, gram, polynomial);
        backend.addToDiagonal(coefficients[0] / c, polynomial);
        if (x.rows() <= x.columns()) {
            backend.multiply(c, polynomial, x, 0, next);
        } else {
            backend.multiply(c, x, polynomial, 0, next);
        }
    }

    /** The table's rows with the paper's safety factor, then the limit, which needs none. */
    private static double[] coefficients(int step) {
        if (step >= COEFFICIENTS.length) {
            return LIMIT;
        }
        double[] row = COEFFICIENTS[step];
        return new double[] {row[0] / SAFETY, row[1] / Math.pow(SAFETY, 3), row[2] / Math.pow(SAFETY, 5)};
    }
}
