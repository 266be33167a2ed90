package io.instabilityguard.sidecar.koopman;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Whitened dynamic mode decomposition from second moments (RKSP, arXiv 2602.22988, §2.1). In the eigenvectors U of X's covariance, with
 * variances Λ, whitening is the diagonal (Λ + ε)^(−1/2); ZCA's further rotation by U changes no eigenvalue and no norm and is left
 * out. With F = Y − X the operator is Â = I + B, where B = C̃fx C̃xx⁻¹ is the least-squares map of X̃ to F̃; what it leaves over has the
 * covariance R = C̃ff − B C̃xx Bᵀ and is uncorrelated with X̃, so that a left eigenvector u of Â has ‖u*(Ỹ − λX̃)‖² = u*Ru: every norm of
 * the paper follows from small matrices. Directions in which X does not vary are left out. Reuses its memory.
 */
final class WhitenedModes {
    /** ‖F̃‖ below this part of ‖X̃‖ is no contribution. */
    private static final double NO_CONTRIBUTION = 1e-10;
    /** Singular values of V below this part of the largest mean that V is singular to double precision. */
    private static final double SINGULAR = 1e-14;

    private final Lapack lapack;
    private final double epsilon;
    private final double residualTolerance;

    private int rank;
    private double[] scales = new double[0];
    private double[] entering = new double[0];
    private double[] directions = new double[0];
    private double[] cross = new double[0];
    private double[] contribution = new double[0];
    private double[] operator = new double[0];
    private double[] remainder = new double[0];
    private double[] product = new double[0];
    private double[] real = new double[0];
    private double[] imaginary = new double[0];
    private double[] left = new double[0];
    private double[] right = new double[0];
    private double nonlinearityRatio;
    private double eigenvectorCondition;
    private List<KoopmanMode> modes = List.of();

    WhitenedModes(Lapack lapack, KoopmanSettings settings) {
        this.lapack = lapack;
        this.epsilon = settings.epsilon();
        this.residualTolerance = settings.residualTolerance();
    }

    /** Decomposes; false when an iteration did not converge. */
    boolean decompose(SnapshotMoments moments) {
        grow(moments);
        whiten(moments);
        fit();
        nonlinearityRatio = ratioOfNorms();
        if (!lapack.decompose(rank, operator, real, imaginary, left, right)) {
            return false;
        }
        modes = findModes();
        return findCondition();
    }

    private void grow(SnapshotMoments moments) {
        rank = moments.rank();
        int largest = moments.size() * moments.size();
        if (operator.length < largest) {
            scales = new double[moments.size()];
            entering = new double[moments.size()];
            directions = new double[largest];
            cross = new double[largest];
            contribution = new double[largest];
            operator = new double[largest];
            remainder = new double[largest];
            product = new double[largest];
            real = new double[moments.size()];
            imaginary = new double[moments.size()];
            left = new double[largest];
            right = new double[largest];
        }
    }

    /** Sets the whitened covariances: {@code entering} (diagonal), {@code cross} and {@code contribution}. */
    private void whiten(SnapshotMoments moments) {
        int size = moments.size();
        int skipped = size - rank;
        for (int i = 0; i < rank; i++) {
            double variance = moments.variances()[skipped + i];
            scales[i] = 1 / Math.sqrt(variance + epsilon);
            entering[i] = variance * scales[i] * scales[i];
        }
        System.arraycopy(moments.components(), skipped * size, directions, 0, rank * size);
        double[] crossInBasis = moments.cross();
        if (moments.truncated()) {
            lapack.multiply(size, moments.width(), size, moments.basis(), moments.cross(), 0, remainder);
            crossInBasis = remainder;
        }
        rotate(size, crossInBasis, cross);
        rotate(size, moments.contributions(), contribution);
    }

    /** target ← D Uᵀ source U D with the whitening scales D and the kept directions as rows Uᵀ. */
    private void rotate(int size, double[] source, double[] target) {
        lapack.multiply(rank, size, size, directions, source, 0, product);
        lapack.multiplyByTransposed(rank, size, rank, product, directions, target);
        for (int i = 0; i < rank; i++) {
            for (int j = 0; j < rank; j++) {
                target[i * rank + j] *= scales[i] * scales[j];
            }
        }
    }

    /** operator ← I + B and remainder ← C̃ff − B C̃fxᵀ. */
    private void fit() {
        for (int i = 0; i < rank; i++) {
            for (int j = 0; j < rank; j++) {
                operator[i * rank + j] = cross[i * rank + j] / entering[j];
            }
        }
        lapack.multiplyByTransposed(rank, rank, rank, operator, cross, product);
        for (int i = 0; i < rank * rank; i++) {
            remainder[i] = contribution[i] - product[i];
        }
        for (int i = 0; i < rank; i++) {
            operator[i * rank + i] += 1;
        }
    }

    /** η_nl = ‖Ỹ − ÂX̃‖F / ‖Ỹ − X̃‖F. */
    private double ratioOfNorms() {
        double unexplained = 0;
        double all = 0;
        double stream = 0;
        for (int i = 0; i < rank; i++) {
            unexplained += remainder[i * rank + i];
            all += contribution[i * rank + i];
            stream += entering[i];
        }
        return Math.sqrt(Math.max(0, unexplained)) / (Math.sqrt(all) + NO_CONTRIBUTION * Math.sqrt(stream));
    }

    private List<KoopmanMode> findModes() {
        List<KoopmanMode> found = new ArrayList<>(rank);
        for (int j = 0; j < rank; j++) {
            boolean pair = imaginary[j] != 0;
            double residual = Math.sqrt(Math.max(0, remainderAlong(j, pair)) / enteringAlong(j, pair));
            found.add(mode(j, residual));
            if (pair) {
                j++;
                found.add(mode(j, residual));
            }
        }
        found.sort(Comparator.comparingDouble(KoopmanMode::modulus).reversed());
        return found;
    }

    private KoopmanMode mode(int j, double residual) {
        return new KoopmanMode(real[j], imaginary[j], residual, residual <= residualTolerance);
    }

    /** u*Ru of left eigenvector j, whose imaginary part is row j + 1 of a pair. */
    private double remainderAlong(int j, boolean pair) {
        return quadratic(j) + (pair ? quadratic(j + 1) : 0);
    }

    private double quadratic(int row) {
        double sum = 0;
        for (int i = 0; i < rank; i++) {
            double image = 0;
            for (int k = 0; k < rank; k++) {
                image += remainder[i * rank + k] * left[row * rank + k];
            }
            sum += left[row * rank + i] * image;
        }
        return sum;
    }

    private double enteringAlong(int j, boolean pair) {
        double sum = 0;
        for (int i = 0; i < rank; i++) {
            double square = left[j * rank + i] * left[j * rank + i];
            square += pair ? left[(j + 1) * rank + i] * left[(j + 1) * rank + i] : 0;
            sum += entering[i] * square;
        }
        return sum;
    }

    /** κ(V): the pair v ± iw has the span and, by a unitary mixing, the singular values of √2 v and √2 w. */
    private boolean findCondition() {
        for (int j = 0; j < rank; j++) {
            for (int i = 0; imaginary[j] != 0 && i < rank; i++) {
                right[j * rank + i] *= Math.sqrt(2);
            }
        }
        if (!lapack.singularValues(rank, right, scales)) {
            return false;
        }
        double smallest = scales[rank - 1];
        eigenvectorCondition = smallest > SINGULAR * scales[0] ? scales[0] / smallest : Double.POSITIVE_INFINITY;
        return true;
    }

    /** All modes, largest modulus first. */
    List<KoopmanMode> modes() {
        return modes;
    }

    double nonlinearityRatio() {
        return nonlinearityRatio;
    }

    double eigenvectorCondition() {
        return eigenvectorCondition;
    }
}
