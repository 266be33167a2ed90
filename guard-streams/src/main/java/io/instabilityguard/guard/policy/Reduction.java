package io.instabilityguard.guard.policy;

/** How many values become one. */
public enum Reduction {
    /** The largest. */
    MAX,
    /** The smallest. */
    MIN,
    /** The arithmetic mean. */
    MEAN,
    /** The geometric mean; NaN when a value is not above 0. */
    GEOMETRIC_MEAN;

    /** The first {@code size} of {@code values} as one; NaN when there are none or one of them is NaN. */
    public double of(double[] values, int size) {
        double result = this == MAX ? Double.NEGATIVE_INFINITY : this == MIN ? Double.POSITIVE_INFINITY : 0;
        for (int i = 0; i < size; i++) {
            result = switch (this) {
                case MAX -> Math.max(result, values[i]);
                case MIN -> Math.min(result, values[i]);
                case MEAN -> result + values[i] / size;
                case GEOMETRIC_MEAN -> result + (values[i] > 0 ? Math.log(values[i]) : Double.NaN) / size;
            };
        }
        if (size == 0) {
            return Double.NaN;
        }
        return this == GEOMETRIC_MEAN ? Math.exp(result) : result;
    }
}
