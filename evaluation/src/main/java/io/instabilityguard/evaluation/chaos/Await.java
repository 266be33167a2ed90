package io.instabilityguard.evaluation.chaos;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waiting for what other processes do. */
final class Await {
    private static final Duration POLL = Duration.ofMillis(10);

    private Await() {}

    /** Waits until the condition holds, but not longer than that; whether it does. */
    static boolean atMost(Duration timeout, BooleanSupplier condition) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
        return true;
    }
}
