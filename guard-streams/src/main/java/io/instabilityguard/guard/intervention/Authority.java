package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.lease.Lease;
import io.instabilityguard.schemas.LeaseAction;
import io.instabilityguard.schemas.LeaseClaim;
import java.util.Optional;

/**
 * By what right a guard decides about a run.
 *
 * @param application its application id
 * @param lease who may act on the run
 */
record Authority(String application, Lease lease) {

    /** How the training program is called while it holds its own run. */
    static final String TRAINER = "trainer";

    /** Who may act, when the training program gives this reason for holding the run itself (empty: it does not). */
    String holder(String heldReason) {
        return heldReason.isEmpty() ? lease.holder() : TRAINER;
    }

    /** Why the holder holds the run. */
    String reason(String heldReason) {
        return heldReason.isEmpty() ? lease.reason() : heldReason;
    }

    /** Whether this guard carries out what is decided about the run; another one only watches. */
    boolean isInCharge() {
        return lease.inCharge().equals(application);
    }

    /** Whether another guard is in charge. */
    boolean isBystander() {
        return !lease.inCharge().isEmpty() && !isInCharge();
    }

    /** The claim of a guard that sees a run of which nobody is in charge. */
    LeaseClaim claim(String run, long timestampMs) {
        return LeaseClaim.newBuilder()
                .setId(application + "/" + run)
                .setRun(run)
                .setAction(LeaseAction.CLAIM)
                .setHolder(application)
                .setClaimedBy(application)
                .setReason("it saw the run first")
                .setTimestampMs(timestampMs)
                .build();
    }

    /** What keeps this guard from acting by itself. */
    Optional<Obstacle> obstacle(String heldReason) {
        String holder = holder(heldReason);
        if (holder.equals(application)) {
            return Optional.empty();
        }
        return Obstacle.passing(
                holder.isEmpty()
                        ? "nobody has been granted the lease on the run yet"
                        : holder + " holds the run: " + reason(heldReason));
    }

    /** What keeps this guard from acting for an operator, who may always use a lease of their own. */
    Optional<Obstacle> obstacle(String heldReason, String operator) {
        boolean isTheirs = isInCharge() && holder(heldReason).equals(Lease.OPERATOR + operator);
        return isTheirs ? Optional.empty() : obstacle(heldReason);
    }
}
