package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.spectrum.FloatMatrix;

/** What to write into the slot of one matrix, decided from what the slot holds. Reads and writes no file. */
interface Rewriting {
    /**
     * Decides one matrix.
     *
     * @param slot its index among the tracked matrices
     * @param matrix what its slot holds, in float32; holds the new matrix afterwards, or is as it was when refused
     */
    Rewrite rewrite(int slot, FloatMatrix matrix);
}
