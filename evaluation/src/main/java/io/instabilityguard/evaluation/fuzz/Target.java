package io.instabilityguard.evaluation.fuzz;

import java.util.Optional;
import java.util.random.RandomGenerator;

/** One kind of input, and the code of the product that must bear it. Used by one thread. */
interface Target extends AutoCloseable {
    /** Bytes that any input may cost besides those in proportion to its length. */
    long LEAST_ALLOWANCE = 2 << 20;

    /** Its name in the report. */
    String name();

    /** An input: a mutated sample, something made after the structure of one, or noise. The same for the same random numbers. */
    byte[] input(RandomGenerator random);

    /** Reads the input as the product would. Whatever it throws is a refusal or a finding. */
    void read(byte[] input) throws Exception;

    /** The reason that a person would be told when this is a declared refusal of the input; empty for everything else. */
    Optional<String> refusal(Exception e);

    /** How many bytes of memory may be allocated, in all, to read an input of this length. */
    default long allowance(int length) {
        return LEAST_ALLOWANCE + 256L * length;
    }

    @Override
    default void close() {}
}
