package io.instabilityguard.evaluation.demo;

/**
 * The line that shows how far a run is. Pure.
 *
 * @param method what protects the run
 * @param step last step done
 * @param steps how many it has
 * @param loss of that step
 * @param lowest lowest stable rank with its layer; empty when unknown
 * @param elapsedMillis since the first step
 */
record StatusLine(String method, int step, int steps, double loss, String lowest, long elapsedMillis) {
    private static final int BAR = 20;
    private static final int STEPS_BEFORE_FORECAST = 10;

    @Override
    public String toString() {
        int done = step + 1;
        int filled = Math.min(BAR, BAR * done / steps);
        return "%-11s [%s%s] %d/%d  loss %.3f%s%s"
                .formatted(
                        method,
                        "#".repeat(filled),
                        "-".repeat(BAR - filled),
                        done,
                        steps,
                        loss,
                        lowest.isEmpty() ? "" : "  lowest stable rank " + lowest,
                        done < STEPS_BEFORE_FORECAST ? "" : "  " + secondsLeft(done) + " s left");
    }

    private long secondsLeft(int done) {
        return Math.round(elapsedMillis / 1000.0 * Math.max(0, steps - done) / done);
    }
}
