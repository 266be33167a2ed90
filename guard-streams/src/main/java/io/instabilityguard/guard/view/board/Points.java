package io.instabilityguard.guard.view.board;

import java.util.Map;

/**
 * Lines against the training step.
 *
 * @param stride steps per point; it doubles as a run grows longer
 * @param steps first step of every point, rising
 * @param lines by name; every line has one value per point, NaN where it has none
 */
@SuppressWarnings("ArrayRecordComponent") // made for one answer, compared by nobody
public record Points(long stride, long[] steps, Map<String, Line> lines) {

    /**
     * One line and the band of all values that its points stand for.
     *
     * @param last last value of each point
     * @param low lowest value
     * @param high highest value
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Line(float[] last, float[] low, float[] high) {}
}
