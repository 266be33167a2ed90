package io.instabilityguard.guard.lease;

import io.instabilityguard.schemas.LeaseClaim;
import org.jspecify.annotations.Nullable;

/**
 * Who may act on one run. There are two seats: that of the guard in charge, an application id, and that of the operators, which comes before it. Everybody who
 * folds the claims of the run in the order of their topic comes to the same lease, so the order of the topic is the consensus.
 *
 * <p>The epoch is the fencing token of the holder: one more than the offset of the claim with which the run last changed hands, so it only grows.
 *
 * @param guard the guard in charge; null before the first claim
 * @param operator the operator who took the run over; null when none did
 * @param epoch fencing token; 0 before the first claim
 */
public record Lease(@Nullable Seat guard, @Nullable Seat operator, long epoch) {

    /** Nobody's. */
    public static final Lease FREE = new Lease(null, null, 0);

    /** Begins the name of a holder who is a person; no application id has a colon. */
    public static final String OPERATOR = "operator:";

    /** Who sits on a seat, why, and since when (epoch milliseconds). */
    public record Seat(String holder, String reason, long sinceMs) {}

    /** The lease after one more claim, which stands at {@code offset} in the topic. */
    public Lease after(LeaseClaim claim, long offset) {
        Lease next = isPerson(claim.getHolder())
                ? new Lease(guard, seat(operator, claim), epoch)
                : new Lease(seat(guard, claim), operator, epoch);
        return next.holder().equals(holder()) ? next : new Lease(next.guard, next.operator, offset + 1);
    }

    /** Who may act; empty while nobody may. */
    public String holder() {
        Seat first = first();
        return first == null ? "" : first.holder();
    }

    /** Why the holder holds it; empty while nobody does. */
    public String reason() {
        Seat first = first();
        return first == null ? "" : first.reason();
    }

    /** Application id of the guard in charge, which carries out what the holder wants; empty before the first claim. */
    public String inCharge() {
        return guard == null ? "" : guard.holder();
    }

    /** Whether a holder is a person and not an application. */
    public static boolean isPerson(String holder) {
        return holder.startsWith(OPERATOR);
    }

    private @Nullable Seat first() {
        return operator == null ? guard : operator;
    }

    private static @Nullable Seat seat(@Nullable Seat now, LeaseClaim claim) {
        return switch (claim.getAction()) {
            case CLAIM -> now == null ? of(claim) : now;
            case TAKE -> of(claim);
            case RELEASE -> now != null && now.holder().equals(claim.getHolder()) ? null : now;
            case UNKNOWN -> now;
        };
    }

    private static Seat of(LeaseClaim claim) {
        return new Seat(claim.getHolder(), claim.getReason(), claim.getTimestampMs());
    }
}
