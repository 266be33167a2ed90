package io.instabilityguard.evaluation.history;

import io.instabilityguard.schemas.ResidualMixing;
import io.instabilityguard.sidecar.mixing.MixingGain;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gain of the product of all mixing matrices, the last layer's on the left (mHC, arXiv 2512.24880, Amax gain magnitude).
 *
 * @param layers mixing layers in the product
 * @param total mixing layers of the whole model
 * @param forward largest absolute row sum
 * @param backward largest absolute column sum
 * @param logarithm the natural logarithm of forward or backward, whichever is farther from 0; amplification is positive
 */
public record CompositeGain(int layers, int total, double forward, double backward, double logarithm) {
    /** Of the matrices of one step; null when there are none. */
    public static @Nullable CompositeGain of(List<ResidualMixing> mixing) {
        if (mixing.isEmpty()) {
            return null;
        }
        List<ResidualMixing> ordered = mixing.stream()
                .sorted(Comparator.comparingInt(ResidualMixing::getOrder))
                .toList();
        int n = ordered.get(0).getSize();
        double[] product = identity(n);
        for (ResidualMixing layer : ordered) {
            product = times(layer.getMixed(), product, n);
        }
        MixingGain gain = MixingGain.of(n, product);
        double up = Math.log(gain.forward());
        double back = Math.log(gain.backward());
        return new CompositeGain(
                ordered.size(),
                ordered.get(0).getTotal(),
                gain.forward(),
                gain.backward(),
                Math.abs(up) > Math.abs(back) ? up : back);
    }

    private static double[] identity(int n) {
        double[] identity = new double[n * n];
        for (int i = 0; i < n; i++) {
            identity[i * n + i] = 1;
        }
        return identity;
    }

    private static double[] times(List<Float> left, double[] right, int n) {
        double[] product = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                for (int j = 0; j < n; j++) {
                    product[i * n + j] += left.get(i * n + k) * right[k * n + j];
                }
            }
        }
        return product;
    }
}
