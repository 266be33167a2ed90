package io.instabilityguard.sidecar.frame;

/**
 * One slot of the staging file: a matrix, row-major, in its own dtype.
 *
 * @param name what it holds, for people
 * @param rows rows, at least 1
 * @param columns columns, at least 1
 * @param dtype {@code float32}, {@code bfloat16}, {@code float16} or {@code float64}
 * @param offset in the file, bytes
 */
public record StagingSlot(String name, int rows, int columns, String dtype, long offset) {
    /** Refuses an empty slot, an unknown dtype and one that does not fit one buffer. */
    public StagingSlot {
        check(name, rows, columns, dtype);
    }

    static void check(String name, int rows, int columns, String dtype) {
        Check.that(rows >= 1, "rows of " + name, rows, "at least 1");
        Check.that(columns >= 1, "columns of " + name, columns, "at least 1");
        int itemSize = StagingDescriptor.itemSize(dtype);
        Check.that(itemSize > 0, "dtype of " + name, dtype, "float32, bfloat16, float16 or float64");
        long elements = (long) rows * columns;
        Check.that(
                elements <= Integer.MAX_VALUE / Math.max(itemSize, Float.BYTES),
                "size of " + name,
                rows + " x " + columns,
                "less than 2 GiB");
    }

    /** Number of elements. */
    public int elements() {
        return rows * columns;
    }

    /** Bytes of the slot, without padding. */
    public int bytes() {
        return elements() * StagingDescriptor.itemSize(dtype);
    }
}
