package io.instabilityguard.guard.intervention;

/**
 * How high the ladder of one detector stands.
 *
 * @param level number of the rung, from 0
 * @param unhelpful commands of this rung that did not help
 * @param calmSince step since which no anomaly of the detector is open, or since the last step down; -1 while one is
 */
record Standing(int level, int unhelpful, long calmSince) {

    static final Standing FOOT = new Standing(0, 0, -1);

    Standing onceMoreInVain() {
        return new Standing(level, unhelpful + 1, calmSince);
    }

    Standing above() {
        return new Standing(level + 1, 0, calmSince);
    }

    /** The same when so many steps were not seen: they are not calm. */
    Standing pausedFor(long steps) {
        return calmSince < 0 ? this : calmSince(calmSince + steps);
    }

    Standing calmSince(long step) {
        return new Standing(level, unhelpful, step);
    }
}
