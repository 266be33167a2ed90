package io.instabilityguard.guard.mixing;

import java.util.stream.DoubleStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * A product of n x n matrices as {@code exp(logScale) P} with the largest absolute entry of P kept at 1, so that neither a thousand doublings nor a
 * thousand halvings leave the range of a double.
 */
final class ScaledProduct {

    private DMatrixRMaj product;
    private DMatrixRMaj spare;
    private double logScale;

    /** The identity. */
    ScaledProduct(int n) {
        product = CommonOps_DDRM.identity(n);
        spare = new DMatrixRMaj(n, n);
    }

    /** Multiplies from the left: {@code H} (not modified) acts after what is there already. */
    void apply(DMatrixRMaj H) {
        CommonOps_DDRM.mult(H, product, spare);
        double largest = CommonOps_DDRM.elementMaxAbs(spare);
        if (largest > 0) {
            CommonOps_DDRM.divide(spare, largest);
            logScale += Math.log(largest);
        }
        DMatrixRMaj previous = product;
        product = spare;
        spare = previous;
    }

    /** Logarithms of the absolute row sums. */
    double[] logRowSums() {
        return logarithms(CommonOps_DDRM.sumRows(product, null));
    }

    /** Logarithms of the absolute column sums. */
    double[] logColumnSums() {
        return logarithms(CommonOps_DDRM.sumCols(product, null));
    }

    /** Logarithm of the largest row sum of absolute values. */
    double logAbsoluteForward() {
        return logScale + Math.log(CommonOps_DDRM.elementMax(CommonOps_DDRM.sumRows(absolute(), null)));
    }

    /** Logarithm of the largest column sum of absolute values. */
    double logAbsoluteBackward() {
        return logScale + Math.log(CommonOps_DDRM.elementMax(CommonOps_DDRM.sumCols(absolute(), null)));
    }

    private double[] logarithms(DMatrixRMaj sums) {
        return DoubleStream.of(sums.data)
                .map(sum -> logScale + Math.log(Math.abs(sum)))
                .toArray();
    }

    private DMatrixRMaj absolute() {
        DMatrixRMaj absolute = new DMatrixRMaj(product);
        CommonOps_DDRM.abs(absolute);
        return absolute;
    }
}
