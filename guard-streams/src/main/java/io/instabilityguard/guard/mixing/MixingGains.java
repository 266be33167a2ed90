package io.instabilityguard.guard.mixing;

/**
 * By how much the residual mixing of one step amplifies. With the composite {@code C = H(L-1) ... H(1) H(0)} of the layers in the order of the forward
 * pass, the forward gain is the largest absolute row sum of C and the backward gain the largest absolute column sum (mHC, arXiv 2512.24880, section 5.4, "Amax gain
 * magnitude"); the paper leaves open whether |sum| or the sum of absolute values is meant, so both are here. Natural logarithms; exact where the gain itself
 * overflows. A composite of zeros has logarithm minus infinity.
 *
 * @param step step whose forward pass mixed so
 * @param layers number of mixing layers
 * @param freeLayers those among them without projection
 * @param logForward logarithm of the forward gain
 * @param logBackward logarithm of the backward gain
 * @param logAbsoluteForward logarithm of the largest row sum of absolute values
 * @param logAbsoluteBackward logarithm of the largest column sum of absolute values
 * @param logWorstColumn largest absolute logarithm of an absolute column sum
 * @param logAttenuation logarithm of the smallest absolute row or column sum
 * @param layerForward largest forward gain of one layer
 * @param layerBackward largest backward gain of one layer
 * @param sinkhornResidual largest distance of a row or column sum of one layer from 1
 * @param logUnprojected logarithm of the larger composite gain of the matrices before projection
 */
public record MixingGains(
        long step,
        int layers,
        int freeLayers,
        double logForward,
        double logBackward,
        double logAbsoluteForward,
        double logAbsoluteBackward,
        double logWorstColumn,
        double logAttenuation,
        double layerForward,
        double layerBackward,
        double sinkhornResidual,
        double logUnprojected) {

    /** The larger of the absolute logarithms of forward and backward gain: two-sided, since attenuation ends a run as amplification does. */
    public double logGain() {
        return Math.max(Math.abs(logForward), Math.abs(logBackward));
    }

    /** The number whose logarithm this is; the largest finite one instead of an overflow. */
    public static double saturated(double logarithm) {
        return Math.min(Math.exp(logarithm), Double.MAX_VALUE);
    }
}
