package io.instabilityguard.sidecar.spectrum;

import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas.CblasTrans;
import static org.bytedeco.openblas.global.openblas.CblasUpper;
import static org.bytedeco.openblas.global.openblas.LAPACKE_sgesdd;
import static org.bytedeco.openblas.global.openblas.LAPACKE_sgesvd;
import static org.bytedeco.openblas.global.openblas.blas_get_num_threads;
import static org.bytedeco.openblas.global.openblas.blas_set_num_threads;
import static org.bytedeco.openblas.global.openblas.cblas_saxpy;
import static org.bytedeco.openblas.global.openblas.cblas_sdot;
import static org.bytedeco.openblas.global.openblas.cblas_sgemm;
import static org.bytedeco.openblas.global.openblas.cblas_sgemv;
import static org.bytedeco.openblas.global.openblas.cblas_ssyrk;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;
import org.jspecify.annotations.Nullable;

/**
 * OpenBLAS through its C interfaces. Holds no native memory of its own: operands are the callers' direct buffers, LAPACK's work
 * arrays live inside one call. The number of threads is OpenBLAS's own, process-wide setting.
 */
public final class OpenBlasBackend extends HostBackend {

    /** Elements of A that one step of {@link #multiplyGram} keeps in the processor's second-level cache: 256 KiB. */
    private static final int BLOCK = 1 << 16;

    private static final int TILE = 32;
    private static final int COLUMN_MAJOR = 102;
    private static final byte REDUCED = 'S';
    private static final byte NO_VECTORS = 'N';

    private final String name;

    /** Loads the native library; throws {@link LinkageError} or {@link RuntimeException} where it cannot be loaded. */
    public OpenBlasBackend(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("OpenBLAS with " + threads + " threads: give 1 or more");
        }
        Loader.load(openblas.class);
        blas_set_num_threads(threads);
        name = "OpenBLAS, " + blas_get_num_threads() + (threads == 1 ? " thread" : " threads");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void add(double alpha, FloatMatrix source, FloatMatrix target) {
        requireEqual(source.size(), target.size(), "elements");
        cblas_saxpy(source.size(), (float) alpha, source.values(), 1, target.values(), 1);
    }

    /** Blocks of rows stay in the cache for A v, Aᵀ(A v) and the sum of squares: A is read once from memory. */
    @Override
    public double multiplyGram(FloatMatrix a, FloatMatrix v, FloatMatrix product, FloatMatrix gramProduct) {
        requireGramShapes(a, v, product, gramProduct);
        int n = a.columns();
        scaleToZero(gramProduct);
        if (a.isEmpty()) {
            scaleToZero(product);
            return 0;
        }
        FloatBuffer rows = a.values().duplicate();
        FloatBuffer image = product.values().duplicate();
        int blockRows = Math.max(1, BLOCK / n);
        double sumOfSquares = 0;
        for (int first = 0; first < a.rows(); first += blockRows) {
            int m = Math.min(blockRows, a.rows() - first);
            rows.position(first * n);
            image.position(first);
            cblas_sgemv(CblasRowMajor, CblasNoTrans, m, n, 1, rows, n, v.values(), 1, 0, image, 1);
            cblas_sgemv(CblasRowMajor, CblasTrans, m, n, 1, rows, n, image, 1, 1, gramProduct.values(), 1);
            sumOfSquares += cblas_sdot(m * n, rows, 1, rows, 1);
        }
        return sumOfSquares;
    }

    private static void scaleToZero(FloatMatrix vector) {
        FloatBuffer values = vector.values();
        for (int i = 0, n = vector.size(); i < n; i++) {
            values.put(i, 0);
        }
    }

    @Override
    public void multiply(double alpha, FloatMatrix left, FloatMatrix right, double beta, FloatMatrix target) {
        requireProductShapes(left, right, target);
        cblas_sgemm(
                CblasRowMajor,
                CblasNoTrans,
                CblasNoTrans,
                target.rows(),
                target.columns(),
                left.columns(),
                (float) alpha,
                left.values(),
                stride(left),
                right.values(),
                stride(right),
                (float) beta,
                target.values(),
                stride(target));
    }

    @Override
    public void smallGram(FloatMatrix a, FloatMatrix target) {
        requireSmallSquare(a, target);
        boolean wide = a.rows() <= a.columns();
        int n = a.smallSide();
        cblas_ssyrk(
                CblasRowMajor,
                CblasUpper,
                wide ? CblasNoTrans : CblasTrans,
                n,
                wide ? a.columns() : a.rows(),
                1,
                a.values(),
                stride(a),
                0,
                target.values(),
                stride(target));
        for (int firstRow = 0; firstRow < n; firstRow += TILE) {
            for (int firstColumn = firstRow; firstColumn < n; firstColumn += TILE) {
                mirror(target.values(), n, firstRow, firstColumn);
            }
        }
    }

    /** Copies one tile above the diagonal to its place below; tiles, so that both stay in the cache. */
    private static void mirror(FloatBuffer square, int n, int firstRow, int firstColumn) {
        for (int i = firstRow, rows = Math.min(n, firstRow + TILE); i < rows; i++) {
            int columns = Math.min(n, firstColumn + TILE);
            for (int j = Math.max(i + 1, firstColumn); j < columns; j++) {
                square.put(j * n + i, square.get(i * n + j));
            }
        }
    }

    private static int stride(FloatMatrix a) {
        return Math.max(1, a.columns());
    }

    @Override
    public boolean decompose(FloatMatrix a, FloatMatrix left, FloatMatrix values, FloatMatrix right) {
        requireReducedShapes(a, left, values, right);
        return a.isEmpty() || gesdd(REDUCED, a, left.values(), values, right.values());
    }

    @Override
    public boolean singularValues(FloatMatrix a, FloatMatrix values) {
        requireEqual(a.smallSide(), values.size(), "small side and singular values");
        return a.isEmpty() || gesdd(NO_VECTORS, a, null, values, null);
    }

    /** LAPACK reads our rows as columns, so it decomposes Aᵀ = rightᵀ · values · leftᵀ, and its answers are our row-major ones. */
    private static boolean gesdd(
            byte job, FloatMatrix a, @Nullable FloatBuffer left, FloatMatrix values, @Nullable FloatBuffer right) {
        int code = LAPACKE_sgesdd(
                COLUMN_MAJOR,
                job,
                a.columns(),
                a.rows(),
                a.values(),
                a.columns(),
                values.values(),
                right,
                a.columns(),
                left,
                a.smallSide());
        return code == 0;
    }

    /** As {@link #singularValues}, by LAPACK's older QR iteration (sgesvd); a rival for benchmarks. */
    public boolean singularValuesByQr(FloatMatrix a, FloatMatrix values) {
        requireEqual(a.smallSide(), values.size(), "small side and singular values");
        FloatBuffer unconverged =
                FloatMatrix.zeros(Math.max(1, a.smallSide()), 1).values();
        return a.isEmpty()
                || LAPACKE_sgesvd(
                                COLUMN_MAJOR,
                                NO_VECTORS,
                                NO_VECTORS,
                                a.columns(),
                                a.rows(),
                                a.values(),
                                a.columns(),
                                values.values(),
                                (FloatBuffer) null,
                                a.columns(),
                                null,
                                a.smallSide(),
                                unconverged)
                        == 0;
    }
}
