package io.instabilityguard.sidecar.koopman;

import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas.CblasTrans;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dgeev;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dgeqrf;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dgesdd;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dorgqr;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dsyevd;
import static org.bytedeco.openblas.global.openblas.cblas_dgemm;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;
import org.jspecify.annotations.Nullable;

/**
 * The few operations on small dense matrices in double that this package needs, by OpenBLAS' BLAS and LAPACK. Matrices are row-major
 * arrays that may be longer than the matrix. Runs on as many threads as OpenBLAS was given.
 */
final class Lapack {
    private static final int COLUMN_MAJOR = 102;
    private static final byte VECTORS = 'V';
    private static final byte NO_VECTORS = 'N';
    private static final byte UPPER = 'U';

    /** Why there are no numbers where the library does not load. */
    static final String MISSING = "LAPACK did not load on this machine";

    private Lapack() {
        Loader.load(openblas.class);
    }

    /** The operations, or null where the native library cannot be loaded. */
    static @Nullable Lapack loaded() {
        // A native library that does not load is an Error, and here an expected one
        try {
            return new Lapack();
        } catch (LinkageError | RuntimeException e) {
            return null;
        }
    }

    /** target ← left · right + beta · target; left is m × k, right k × n. */
    void multiply(int m, int k, int n, double[] left, double[] right, double beta, double[] target) {
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, left, k, right, n, beta, target, n);
    }

    /** target ← leftᵀ · right + beta · target; left is k × m, right k × n. */
    void multiplyTransposed(int m, int k, int n, double[] left, double[] right, double beta, double[] target) {
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, left, m, right, n, beta, target, n);
    }

    /** target ← left · rightᵀ; left is m × k, right n × k. */
    void multiplyByTransposed(int m, int k, int n, double[] left, double[] right, double[] target) {
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, left, k, right, k, 0, target, n);
    }

    /** Eigenvalues of a symmetric matrix, ascending; row i of {@code a} becomes the unit eigenvector i. False: not converged. */
    boolean decomposeSymmetric(int n, double[] a, double[] values) {
        return LAPACKE_dsyevd(COLUMN_MAJOR, VECTORS, UPPER, n, a, n, values) == 0;
    }

    /**
     * Eigenvalues and unit eigenvectors of a square matrix, which is destroyed. Row j of {@code left} and {@code right} is vector j; a
     * complex pair j, j + 1 shares two rows, real part and imaginary part. LAPACK reads our rows as columns, that is Aᵀ, so
     * that its right vectors are our left ones; both come up to complex conjugation, which no norm sees.
     *
     * @return false when the iteration did not converge or A is not finite
     */
    boolean decompose(int n, double[] a, double[] real, double[] imaginary, double[] left, double[] right) {
        return LAPACKE_dgeev(COLUMN_MAJOR, VECTORS, VECTORS, n, a, n, real, imaginary, right, n, left, n) == 0;
    }

    /** Singular values of a square matrix, descending; the matrix is destroyed. False: not converged. */
    boolean singularValues(int n, double[] a, double[] values) {
        double[] none = new double[1];
        return LAPACKE_dgesdd(COLUMN_MAJOR, NO_VECTORS, n, n, a, n, values, none, 1, none, 1) == 0;
    }

    /** Replaces the {@code count} rows of {@code a}, each of {@code length} ≥ count, by an orthonormal basis of their span. */
    boolean orthonormalize(int count, int length, double[] a) {
        double[] reflectors = new double[count];
        return LAPACKE_dgeqrf(COLUMN_MAJOR, length, count, a, length, reflectors) == 0
                && LAPACKE_dorgqr(COLUMN_MAJOR, length, count, count, a, length, reflectors) == 0;
    }
}
