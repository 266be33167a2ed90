package io.instabilityguard.guard.mixing;

import java.util.List;
import java.util.stream.DoubleStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/** Computes {@link MixingGains} from the mixing layers of one step. */
final class CompositeGain {

    private CompositeGain() {}

    /** The gains of layers of equal size, first layer of the forward pass first, at least one. Not modified. */
    static MixingGains of(long step, List<MixingLayer> layers) {
        int n = layers.get(0).size();
        ScaledProduct mixed = new ScaledProduct(n);
        ScaledProduct unprojected = new ScaledProduct(n);
        double layerForward = 0;
        double layerBackward = 0;
        double residual = 0;
        for (MixingLayer layer : layers) {
            DMatrixRMaj H = layer.mixed();
            mixed.apply(H);
            unprojected.apply(layer.unprojected());
            DMatrixRMaj rowSums = CommonOps_DDRM.sumRows(H, null);
            DMatrixRMaj columnSums = CommonOps_DDRM.sumCols(H, null);
            layerForward = Math.max(layerForward, CommonOps_DDRM.elementMaxAbs(rowSums));
            layerBackward = Math.max(layerBackward, CommonOps_DDRM.elementMaxAbs(columnSums));
            residual = Math.max(residual, Math.max(distanceFromOne(rowSums), distanceFromOne(columnSums)));
        }
        double[] rows = mixed.logRowSums();
        double[] columns = mixed.logColumnSums();
        return new MixingGains(
                step,
                layers.size(),
                (int) layers.stream().filter(layer -> !layer.projected()).count(),
                max(rows),
                max(columns),
                mixed.logAbsoluteForward(),
                mixed.logAbsoluteBackward(),
                DoubleStream.of(columns).map(Math::abs).max().orElseThrow(),
                DoubleStream.concat(DoubleStream.of(rows), DoubleStream.of(columns))
                        .min()
                        .orElseThrow(),
                layerForward,
                layerBackward,
                residual,
                Math.max(max(unprojected.logRowSums()), max(unprojected.logColumnSums())));
    }

    private static double distanceFromOne(DMatrixRMaj sums) {
        return DoubleStream.of(sums.data).map(sum -> Math.abs(sum - 1)).max().orElseThrow();
    }

    private static double max(double[] values) {
        return DoubleStream.of(values).max().orElseThrow();
    }
}
