package io.instabilityguard.sidecar.spectrum;

/**
 * Largest singular values of matrices of one shape by Lanczos' iteration on AᵀA (the Golub–Kahan–Lanczos bidiagonalisation in its Gram
 * form), fully reorthogonalised, one pass over A per step, from any start vector. Its first step is a step of the power iteration; a
 * matrix stops as soon as its residual ‖AᵀAv − σ²v‖ / σ² is small enough, so from a warm start one or two passes are usual. Every step is
 * one call of the backend for all matrices that still iterate; each goes its own way as if it were alone.
 *
 * <p>The answer σ = ‖Av‖ of a unit vector v is a lower bound of ‖A‖2 up to rounding, short of it by about
 * residual² / (2 · relative gap of σ²). Where the spectrum is flat (no gap) only the residual bounds the error: some singular value lies
 * within that distance, not always the largest. Work memory is for one shape and a number of matrices; nothing is allocated in the
 * backend per call.
 */
final class GramLanczos {
    /** Largest relative residual ‖AᵀAv − σ²v‖ / σ² that counts as converged, unless said. */
    static final double TOLERANCE = 0.01;

    /** Between these, ‖A‖F² is right in float32 and every product of the iteration is far from over- and underflow. */
    private static final double SMALLEST_SUM = 1e-12;

    private static final double LARGEST_SUM = 1e18;
    /** A remainder this small against ‖A‖F² is rounding: the directions span an invariant subspace. */
    private static final double ROUNDING = 0x1p-22;

    private final MatrixBackend backend;
    private final double tolerance;
    private final int rows;
    private final int columns;
    private final GramBatch most;
    private final double[] factors;
    private final double[] sums;
    private GramBatch all;

    /**
     * Work memory for at most {@code most} matrices shaped {@code like} this one in a run, and at most {@code maxPasses} passes.
     *
     * @param tolerance largest relative residual that counts as converged
     */
    GramLanczos(MatrixBackend backend, FloatMatrix like, int most, int maxPasses, double tolerance) {
        this.backend = backend;
        this.tolerance = tolerance;
        rows = like.rows();
        columns = like.columns();
        factors = new double[most];
        sums = new double[most];
        GramRun[] runs = new GramRun[most];
        for (int i = 0; i < most; i++) {
            runs[i] = new GramRun(backend, rows, columns, maxPasses, i);
        }
        this.most = new GramBatch(runs, maxPasses);
        all = this.most;
    }

    boolean fits(FloatMatrix a) {
        return a.rows() == rows && a.columns() == columns;
    }

    /** Most matrices of a run. */
    int most() {
        return most.size();
    }

    /** What the last run found of matrix {@code i} of its array; overwritten by the next run. */
    GramRun outcome(int i) {
        return most.run(i);
    }

    /**
     * Iterates on each matrix from its start (any length but zero) until its residual is at most the tolerance or {@code limit} passes
     * are done. What came of matrix i says {@link #outcome}.
     */
    void run(FloatMatrix[] matrices, FloatMatrix[] starts, int limit) {
        GramBatch going = begin(matrices, starts);
        for (int pass = 0; !going.isEmpty(); pass++) {
            going = multiply(pass, going, matrices);
            orthogonalize(pass, going);
            going = judge(pass + 1 == limit, going);
            if (!going.isEmpty()) {
                extend(pass, going);
            }
        }
        keepSingularVectors(all.where(GramRun::measurable));
    }

    private GramBatch begin(FloatMatrix[] matrices, FloatMatrix[] starts) {
        int count = matrices.length;
        if (all.size() != count) {
            all = most.where(run -> run.number() < count);
        }
        for (int i = 0; i < count; i++) {
            all.run(i).begin();
        }
        backend.dotEach(starts, starts, sums);
        for (int i = 0; i < count; i++) {
            factors[i] = 1 / Math.sqrt(sums[i]);
        }
        backend.scaleEach(factors, starts, all.directions(0));
        return all;
    }

    /** Image and remainder of this pass's direction; without matrices whose squares leave the comfortable range of float32. */
    private GramBatch multiply(int pass, GramBatch going, FloatMatrix[] matrices) {
        FloatMatrix[] images = going.images(pass);
        backend.multiplyGramEach(going.of(matrices), going.directions(pass), images, going.remainders(), sums);
        for (int i = 0; i < going.size(); i++) {
            going.run(i).sumOfSquares(sums[i], sums[i] >= SMALLEST_SUM && sums[i] <= LARGEST_SUM);
        }
        GramBatch measurable = going.where(GramRun::measurable);
        backend.dotEach(measurable.images(pass), measurable.images(pass), sums);
        for (int i = 0; i < measurable.size(); i++) {
            measurable.run(i).grow(sums[i]);
        }
        return measurable;
    }

    private void orthogonalize(int pass, GramBatch going) {
        for (int j = 0; j <= pass; j++) {
            backend.dotEach(going.directions(j), going.remainders(), sums);
            for (int i = 0; i < going.size(); i++) {
                factors[i] = -sums[i];
            }
            backend.addEach(factors, going.directions(j), going.remainders());
        }
    }

    /** Without those that are done. */
    private GramBatch judge(boolean isLast, GramBatch going) {
        backend.dotEach(going.remainders(), going.remainders(), sums);
        for (int i = 0; i < going.size(); i++) {
            going.run(i).judge(Math.sqrt(sums[i]));
        }
        return going.where(run ->
                !isLast && !(run.residual() <= tolerance) && !(run.remainderNorm() <= ROUNDING * run.sumOfSquares()));
    }

    private void extend(int pass, GramBatch going) {
        for (int i = 0; i < going.size(); i++) {
            factors[i] = 1 / going.run(i).remainderNorm();
        }
        backend.scaleEach(factors, going.remainders(), going.directions(pass + 1));
    }

    /** left = A v of the Ritz vector v; right = AᵀA v, one power step ahead of v at no cost. */
    private void keepSingularVectors(GramBatch kept) {
        combine(0, kept);
        GramBatch longer = kept.where(run -> run.passes() > 1);
        for (int pass = 1; !longer.isEmpty(); pass++) {
            combine(pass, longer);
            int next = pass + 1;
            longer = longer.where(run -> run.passes() > next);
        }
        for (int i = 0; i < kept.size(); i++) {
            factors[i] = kept.run(i).ritzWeight(kept.run(i).passes() - 1);
        }
        backend.addEach(factors, kept.remainders(), kept.rights());
        backend.dotEach(kept.lefts(), kept.lefts(), sums);
        for (int i = 0; i < kept.size(); i++) {
            kept.run(i).spectralNorm(Math.sqrt(sums[i]));
        }
        backend.dotEach(kept.rights(), kept.rights(), sums);
        for (int i = 0; i < kept.size(); i++) {
            kept.run(i).rightNorm(Math.sqrt(sums[i]));
        }
    }

    /** Adds this pass's part of the Ritz vector's images to the singular vectors; the first pass begins them. */
    private void combine(int pass, GramBatch runs) {
        for (int i = 0; i < runs.size(); i++) {
            factors[i] = runs.run(i).ritzWeight(pass) * runs.run(i).ritzValue();
        }
        sum(pass, runs.directions(pass), runs.rights());
        for (int i = 0; i < runs.size(); i++) {
            factors[i] = runs.run(i).ritzWeight(pass);
        }
        sum(pass, runs.images(pass), runs.lefts());
    }

    private void sum(int pass, FloatMatrix[] parts, FloatMatrix[] targets) {
        if (pass == 0) {
            backend.scaleEach(factors, parts, targets);
        } else {
            backend.addEach(factors, parts, targets);
        }
    }
}
