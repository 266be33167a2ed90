package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.Finding;

/**
 * An anomaly that has been raised and not yet cleared.
 *
 * @param id deterministic: run, generation, detector, step of raising
 * @param detector name in the policy
 * @param raisedAtStep step of raising
 * @param lastFiringStep last step at which the detector fired
 * @param lastLoudStep last step at which it was not quiet
 * @param published numbers of the last transition
 * @param latest numbers of the last firing
 */
record OpenAnomaly(
        String id,
        String detector,
        long raisedAtStep,
        long lastFiringStep,
        long lastLoudStep,
        Finding published,
        Finding latest) {

    OpenAnomaly firedAgain(Finding finding) {
        return new OpenAnomaly(id, detector, raisedAtStep, finding.lastStep(), finding.lastStep(), published, finding);
    }

    OpenAnomaly loudAt(long step) {
        return new OpenAnomaly(id, detector, raisedAtStep, lastFiringStep, step, published, latest);
    }

    /** The same when so many steps were not seen: they are not quiet. */
    OpenAnomaly pausedFor(long steps) {
        return loudAt(lastLoudStep + steps);
    }

    OpenAnomaly escalated() {
        return new OpenAnomaly(id, detector, raisedAtStep, lastFiringStep, lastLoudStep, latest, latest);
    }
}
