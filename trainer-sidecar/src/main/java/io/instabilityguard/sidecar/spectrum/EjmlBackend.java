package io.instabilityguard.sidecar.spectrum;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;
import org.ejml.data.FMatrixRMaj;
import org.ejml.dense.row.CommonOps_FDRM;
import org.ejml.dense.row.SingularOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/** Pure Java by EJML: the reference, and the fallback where no native library loads. Decomposes in double. */
public final class EjmlBackend extends HostBackend {

    @Override
    public String name() {
        return "EJML (pure Java)";
    }

    @Override
    public double multiplyGram(FloatMatrix a, FloatMatrix v, FloatMatrix product, FloatMatrix gramProduct) {
        requireGramShapes(a, v, product, gramProduct);
        FloatBuffer values = a.values();
        FloatBuffer gram = gramProduct.values();
        double[] sums = new double[a.columns()];
        double sumOfSquares = 0;
        for (int i = 0; i < a.rows(); i++) {
            int row = i * a.columns();
            float image = (float) dot(values, row, v.values(), a.columns());
            product.values().put(i, image);
            for (int j = 0; j < a.columns(); j++) {
                double element = values.get(row + j);
                sums[j] += element * image;
                sumOfSquares += element * element;
            }
        }
        for (int j = 0; j < a.columns(); j++) {
            gram.put(j, (float) sums[j]);
        }
        return sumOfSquares;
    }

    @Override
    public void multiply(double alpha, FloatMatrix left, FloatMatrix right, double beta, FloatMatrix target) {
        requireProductShapes(left, right, target);
        FMatrixRMaj product = new FMatrixRMaj(target.rows(), target.columns());
        CommonOps_FDRM.mult(copyOf(left), copyOf(right), product);
        FloatBuffer values = target.values();
        for (int i = 0, n = target.size(); i < n; i++) {
            double old = beta == 0 ? 0 : beta * values.get(i);
            values.put(i, (float) (alpha * product.data[i] + old));
        }
    }

    @Override
    public void smallGram(FloatMatrix a, FloatMatrix target) {
        requireSmallSquare(a, target);
        FMatrixRMaj copy = copyOf(a);
        FMatrixRMaj product = new FMatrixRMaj(target.rows(), target.columns());
        if (a.rows() <= a.columns()) {
            CommonOps_FDRM.multTransB(copy, copy, product);
        } else {
            CommonOps_FDRM.multTransA(copy, copy, product);
        }
        target.values().put(0, product.data, 0, target.size());
    }

    @Override
    public boolean decompose(FloatMatrix a, FloatMatrix left, FloatMatrix values, FloatMatrix right) {
        requireReducedShapes(a, left, values, right);
        if (a.isEmpty()) {
            return true;
        }
        SingularValueDecomposition_F64<DMatrixRMaj> svd =
                DecompositionFactory_DDRM.svd(a.rows(), a.columns(), true, true, true);
        if (!svd.decompose(doubleCopyOf(a))) {
            return false;
        }
        DMatrixRMaj u = svd.getU(null, false);
        DMatrixRMaj w = svd.getW(null);
        DMatrixRMaj vt = svd.getV(null, true);
        SingularOps_DDRM.descendingOrder(u, false, w, vt, true);
        put(u, left);
        put(vt, right);
        for (int i = 0; i < a.smallSide(); i++) {
            values.values().put(i, (float) w.get(i, i));
        }
        return true;
    }

    @Override
    public boolean singularValues(FloatMatrix a, FloatMatrix values) {
        requireEqual(a.smallSide(), values.size(), "small side and singular values");
        if (a.isEmpty()) {
            return true;
        }
        SingularValueDecomposition_F64<DMatrixRMaj> svd =
                DecompositionFactory_DDRM.svd(a.rows(), a.columns(), false, false, true);
        if (!svd.decompose(doubleCopyOf(a))) {
            return false;
        }
        double[] ascending = Arrays.copyOf(svd.getSingularValues(), a.smallSide());
        Arrays.sort(ascending);
        for (int i = 0; i < ascending.length; i++) {
            values.values().put(i, (float) ascending[ascending.length - 1 - i]);
        }
        return true;
    }

    private static FMatrixRMaj copyOf(FloatMatrix a) {
        FMatrixRMaj copy = new FMatrixRMaj(a.rows(), a.columns());
        a.values().get(0, copy.data, 0, a.size());
        return copy;
    }

    private static DMatrixRMaj doubleCopyOf(FloatMatrix a) {
        DMatrixRMaj copy = new DMatrixRMaj(a.rows(), a.columns());
        for (int i = 0; i < a.size(); i++) {
            copy.data[i] = a.values().get(i);
        }
        return copy;
    }

    private static void put(DMatrixRMaj source, FloatMatrix target) {
        for (int i = 0; i < target.size(); i++) {
            target.values().put(i, (float) source.data[i]);
        }
    }
}
