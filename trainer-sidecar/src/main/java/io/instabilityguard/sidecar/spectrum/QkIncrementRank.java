package io.instabilityguard.sidecar.spectrum;

/**
 * Effective ranks of the first-order query-key increment of one attention layer.
 *
 * @param whole of all heads together; NaN when undefined (different numbers of rows, zero or non-finite increment)
 * @param perHead one per query head; empty when the number of heads was not given; NaN where undefined
 */
public record QkIncrementRank(double whole, double[] perHead) {}
