package io.instabilityguard.guard.policy;

/**
 * A range of block indices.
 *
 * @param from first block, from 0
 * @param to last block, itself included
 */
public record Depths(int from, int to) {

    /** Everything, also what belongs to no block. */
    public static final Depths ALL = new Depths(-1, Integer.MAX_VALUE);

    /** Whether a block lies in the range; -1 stands for no block. */
    public boolean contains(int depth) {
        return depth >= from && depth <= to;
    }
}
