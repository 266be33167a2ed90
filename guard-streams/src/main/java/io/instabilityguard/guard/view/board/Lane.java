package io.instabilityguard.guard.view.board;

import java.util.Arrays;

/** One value against the buckets of a {@link Trajectory}: the last one in each bucket, the lowest and the highest; NaN where there is none. */
final class Lane {

    private final float[] last;
    private final float[] low;
    private final float[] high;

    Lane(int capacity) {
        last = empty(capacity);
        low = empty(capacity);
        high = empty(capacity);
    }

    private static float[] empty(int capacity) {
        float[] values = new float[capacity];
        Arrays.fill(values, Float.NaN);
        return values;
    }

    /** A value of the line itself. */
    void put(int bucket, float value) {
        last[bucket] = value;
        widen(bucket, value);
    }

    /** A value that only the band around the line shows. */
    void widen(int bucket, float value) {
        low[bucket] = lower(low[bucket], value);
        high[bucket] = higher(high[bucket], value);
    }

    /** Moves bucket {@code i} into bucket {@code targets[i]}, which is never later, for the first {@code size}; empties the rest. */
    void fold(int[] targets, int size) {
        for (int i = 0; i < size; i++) {
            int target = targets[i];
            boolean isFirst = i == 0 || targets[i - 1] != target;
            last[target] = isFirst || !Float.isNaN(last[i]) ? last[i] : last[target];
            low[target] = isFirst ? low[i] : lower(low[target], low[i]);
            high[target] = isFirst ? high[i] : higher(high[target], high[i]);
        }
        clearFrom(size == 0 ? 0 : targets[size - 1] + 1);
    }

    void clearFrom(int bucket) {
        Arrays.fill(last, bucket, last.length, Float.NaN);
        Arrays.fill(low, bucket, low.length, Float.NaN);
        Arrays.fill(high, bucket, high.length, Float.NaN);
    }

    Points.Line line(int from, int to) {
        return new Points.Line(
                Arrays.copyOfRange(last, from, to),
                Arrays.copyOfRange(low, from, to),
                Arrays.copyOfRange(high, from, to));
    }

    /** The last value that is a number, in the first {@code size} buckets; NaN when there is none. */
    float latest(int size) {
        int bucket = size - 1;
        while (bucket >= 0 && Float.isNaN(last[bucket])) {
            bucket--;
        }
        return bucket < 0 ? Float.NaN : last[bucket];
    }

    private static float lower(float known, float value) {
        return Float.isNaN(known) || value < known ? value : known;
    }

    private static float higher(float known, float value) {
        return Float.isNaN(known) || value > known ? value : known;
    }
}
