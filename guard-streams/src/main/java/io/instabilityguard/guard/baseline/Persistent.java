package io.instabilityguard.guard.baseline;

import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/**
 * Something whose whole memory is a sequence of numbers, so that it can be stored and restored bit by bit. Whole numbers up to 2^53 (steps,
 * epoch milliseconds) are exact.
 */
public interface Persistent {

    /** Gives away the memory, always in the same order. */
    void save(DoubleConsumer out);

    /** Replaces the memory by what {@link #save} once gave away. */
    void load(DoubleSupplier in);
}
