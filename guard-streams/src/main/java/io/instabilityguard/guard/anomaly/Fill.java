package io.instabilityguard.guard.anomaly;

/**
 * How far a signal's window is filled.
 *
 * @param filled values, or steps, that it holds
 * @param size how many it can hold; 0 where there is no window
 */
record Fill(int filled, int size) {

    static final Fill NO_WINDOW = new Fill(0, 0);

    boolean isFull() {
        return filled >= size;
    }
}
