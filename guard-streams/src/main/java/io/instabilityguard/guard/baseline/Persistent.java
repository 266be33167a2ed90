package io.instabilityguard.guard.baseline;

import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;
import java.util.stream.DoubleStream;

/**
 * Something whose whole memory is a sequence of numbers, so that it can be stored and restored bit by bit. Whole numbers up to 2^53 (steps,
 * epoch milliseconds) are exact.
 */
public interface Persistent {

    /** Gives away the memory, always in the same order. */
    void save(DoubleConsumer out);

    /** Replaces the memory by what {@link #save} once gave away. */
    void load(DoubleSupplier in);

    /** Gives the memory to another one of the same kind and settings. */
    default void copyTo(Persistent other) {
        DoubleStream.Builder memory = DoubleStream.builder();
        save(memory);
        other.load(memory.build().iterator()::nextDouble);
    }
}
