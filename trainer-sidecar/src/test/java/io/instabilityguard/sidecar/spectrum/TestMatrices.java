package io.instabilityguard.sidecar.spectrum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.RandomMatrices_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;

/** Matrices with fixed seeds, and their singular values by EJML in double. */
final class TestMatrices {
    private TestMatrices() {}

    static FloatMatrix gaussian(int rows, int columns, long seed) {
        Random random = new Random(seed);
        return filled(rows, columns, () -> (float) random.nextGaussian());
    }

    static FloatMatrix constant(int rows, int columns, float value) {
        return filled(rows, columns, () -> value);
    }

    static FloatMatrix identity(int n) {
        FloatMatrix a = FloatMatrix.zeros(n, n);
        for (int i = 0; i < n; i++) {
            a.values().put(i * n + i, 1);
        }
        return a;
    }

    static FloatMatrix diagonal(float... values) {
        FloatMatrix a = FloatMatrix.zeros(values.length, values.length);
        for (int i = 0; i < values.length; i++) {
            a.values().put(i * values.length + i, values[i]);
        }
        return a;
    }

    /** U · diag(singularValues) · Vᵀ with random orthonormal U and V. */
    static FloatMatrix withSingularValues(int rows, int columns, long seed, double... singularValues) {
        Random random = new Random(seed);
        int k = singularValues.length;
        DMatrixRMaj left = RandomMatrices_DDRM.orthogonal(rows, k, random);
        DMatrixRMaj right = RandomMatrices_DDRM.orthogonal(columns, k, random);
        for (int j = 0; j < k; j++) {
            for (int i = 0; i < rows; i++) {
                left.set(i, j, left.get(i, j) * singularValues[j]);
            }
        }
        DMatrixRMaj product = new DMatrixRMaj(rows, columns);
        CommonOps_DDRM.multTransB(left, right, product);
        int[] at = {0};
        return filled(rows, columns, () -> (float) product.data[at[0]++]);
    }

    static FloatMatrix copyOf(FloatMatrix a) {
        int[] at = {0};
        return filled(a.rows(), a.columns(), () -> a.values().get(at[0]++));
    }

    static float[] elements(FloatMatrix a) {
        float[] elements = new float[a.size()];
        a.values().get(0, elements);
        return elements;
    }

    static DMatrixRMaj toEjml(FloatMatrix a) {
        DMatrixRMaj copy = new DMatrixRMaj(a.rows(), a.columns());
        for (int i = 0; i < a.size(); i++) {
            copy.data[i] = a.values().get(i);
        }
        return copy;
    }

    /** Descending. */
    static double[] singularValues(FloatMatrix a) {
        var svd = DecompositionFactory_DDRM.svd(a.rows(), a.columns(), false, false, true);
        svd.decompose(toEjml(a));
        double[] ascending = Arrays.copyOf(svd.getSingularValues(), a.smallSide());
        Arrays.sort(ascending);
        double[] descending = new double[ascending.length];
        for (int i = 0; i < ascending.length; i++) {
            descending[i] = ascending[ascending.length - 1 - i];
        }
        return descending;
    }

    static double frobeniusNorm(FloatMatrix a) {
        double sum = 0;
        for (float element : elements(a)) {
            sum += (double) element * element;
        }
        return Math.sqrt(sum);
    }

    /** One assertion for all elements, because one each takes seconds; a NaN on one side fails. */
    static void assertClose(float[] actual, float[] expected, double tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            if (!(Math.abs((double) actual[i] - expected[i]) <= tolerance)) {
                assertThat(actual[i]).as("element %d", i).isCloseTo(expected[i], within((float) tolerance));
            }
        }
    }

    static double stableRank(FloatMatrix a) {
        return Math.pow(frobeniusNorm(a) / singularValues(a)[0], 2);
    }

    private interface Next {
        float next();
    }

    private static FloatMatrix filled(int rows, int columns, Next next) {
        FloatMatrix a = FloatMatrix.zeros(rows, columns);
        for (int i = 0; i < a.size(); i++) {
            a.values().put(i, next.next());
        }
        return a;
    }
}
