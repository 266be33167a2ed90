package io.instabilityguard.guard.baseline;

import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/**
 * Exponential moving mean m and variance v that an upward outlier cannot drag along. With {@code d = max(leastDeviation, sqrt(v))}, a value x has {@code z =
 * (x - m) / d}; it is learned as the surprise {@code s = x - m}, from the {@code after + 1}st value on as {@code s = min(s, mostZ d)} (winsorised upwards only: drops
 * are learned in full), by {@code m += (1 - decay) s} and {@code v = decay (v + (1 - decay) s^2)}. The first value is the mean, with a given variance.
 */
public final class WinsorisedMoments implements Persistent {

    private final double decay;
    private final double leastDeviation;
    private final double firstVariance;
    private final double mostZ;
    private final int after;
    private long count;
    private double mean;
    private double variance;

    /** Moments without memory; {@code decay} in (0, 1). */
    public WinsorisedMoments(double decay, double leastDeviation, double firstVariance, double mostZ, int after) {
        if (!(decay > 0 && decay < 1)) {
            throw new IllegalArgumentException("decay=" + decay);
        }
        this.decay = decay;
        this.leastDeviation = leastDeviation;
        this.firstVariance = firstVariance;
        this.mostZ = mostZ;
        this.after = after;
    }

    /** Deviations above the mean; 0 when nothing has been learned. */
    public double z(double value) {
        return count == 0 ? 0 : (value - mean) / deviation();
    }

    /** Learns a finite value. */
    public void add(double value) {
        double deviation = deviation();
        if (count == 0) {
            mean = value;
            variance = firstVariance;
        }
        double surprise = value - mean;
        if (count >= after) {
            surprise = Math.min(surprise, mostZ * deviation);
        }
        mean += (1 - decay) * surprise;
        variance = decay * (variance + (1 - decay) * surprise * surprise);
        count++;
    }

    /** The mean; NaN when nothing has been learned. */
    public double mean() {
        return count == 0 ? Double.NaN : mean;
    }

    /** The value that lies {@code z} deviations above the mean. */
    public double valueAt(double z) {
        return mean() + z * deviation();
    }

    private double deviation() {
        return Math.max(leastDeviation, Math.sqrt(variance));
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(count);
        out.accept(mean);
        out.accept(variance);
    }

    @Override
    public void load(DoubleSupplier in) {
        count = (long) in.getAsDouble();
        mean = in.getAsDouble();
        variance = in.getAsDouble();
    }
}
