package io.instabilityguard.sidecar.frame;

import java.util.List;

/**
 * Layout of the staging file, version 1, little-endian.
 *
 * <pre>
 *   0        8       12      16            24            32                64
 *   +--------+-------+-------+-------------+-------------+------ ~ -------+-------- ~ -----+- ~
 *   |IGSTAGE1|version| slots | total bytes | generation  |     zero       | slot 0 | pad   | slot 1 …
 *   +--------+-------+-------+-------------+-------------+------ ~ -------+-------- ~ -----+- ~
 *    magic    u32     u32     u64           u64            32 bytes         row-major, own dtype
 *
 *   offset[0] = 64;  offset[i+1] = align64(offset[i] + rows * columns * itemsize);  total = align64(end of last)
 * </pre>
 *
 * The magic is written last by the hook: a file that has it is complete.
 */
public final class StagingDescriptor {
    /** "IGSTAGE1" read as a little-endian long. */
    public static final long MAGIC = 0x3145_4741_5453_4749L;

    /** Version of this layout. */
    public static final int VERSION = 1;

    /** Offset of the magic, 8 bytes. */
    public static final int MAGIC_OFFSET = 0;

    /** Offset of the version, u32. */
    public static final int VERSION_OFFSET = 8;

    /** Offset of the number of slots, u32. */
    public static final int SLOTS_OFFSET = 12;

    /** Offset of the size of the file, u64. */
    public static final int TOTAL_OFFSET = 16;

    /** Offset of the generation, u64. */
    public static final int GENERATION_OFFSET = 24;

    /** Length of the header and offset of the first slot. */
    public static final int HEADER_LENGTH = 64;

    private static final long ALIGNMENT = 64;

    private StagingDescriptor() {}

    /** Bytes of an element, 0 for an unknown dtype. */
    public static int itemSize(String dtype) {
        return switch (dtype) {
            case "float64" -> 8;
            case "float32" -> 4;
            case "bfloat16", "float16" -> 2;
            default -> 0;
        };
    }

    /** The next multiple of 64 that is not below this. */
    public static long align(long offset) {
        return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Where each slot starts; the last entry, one past the slots, is the size of the file. */
    public static long[] offsets(List<StagingSlot> slots) {
        long[] offsets = new long[slots.size() + 1];
        offsets[0] = HEADER_LENGTH;
        for (int i = 0; i < slots.size(); i++) {
            offsets[i + 1] = align(offsets[i] + slots.get(i).bytes());
        }
        return offsets;
    }
}
