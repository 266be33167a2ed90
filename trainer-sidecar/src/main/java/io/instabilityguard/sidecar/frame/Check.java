package io.instabilityguard.sidecar.frame;

/** One way to say that a field of a message is out of range. */
final class Check {
    private Check() {}

    static void that(boolean holds, String field, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(field + " is " + value + ", must be " + expected);
        }
    }
}
