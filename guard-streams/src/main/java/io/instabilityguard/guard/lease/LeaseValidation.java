package io.instabilityguard.guard.lease;

import io.instabilityguard.guard.telemetry.TelemetryValidation;
import io.instabilityguard.schemas.LeaseAction;
import io.instabilityguard.schemas.LeaseClaim;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Tells claims that mean something from others. The answer is the first thing found wrong, in one line. */
public final class LeaseValidation {

    private static final Pattern HOLDER = Pattern.compile("[A-Za-z0-9._-]{1,200}|operator:[A-Za-z0-9._@-]{1,100}");
    private static final int LONGEST_REASON = 1_000;

    private LeaseValidation() {}

    /** What is wrong with a claim under this key; empty when nothing is. */
    public static Optional<String> problemOf(@Nullable String key, LeaseClaim claim) {
        return TelemetryValidation.problemOfRun(key, claim.getRun())
                .or(() -> claim.getAction() == LeaseAction.UNKNOWN ? Optional.of("unknown action") : Optional.empty())
                .or(() -> problemOfHolder("holder", claim.getHolder()))
                .or(() -> problemOfHolder("claimedBy", claim.getClaimedBy()))
                .or(() -> claim.getReason().length() > LONGEST_REASON
                        ? Optional.of("reason is longer than " + LONGEST_REASON)
                        : Optional.empty());
    }

    private static Optional<String> problemOfHolder(String field, String holder) {
        return HOLDER.matcher(holder).matches()
                ? Optional.empty()
                : Optional.of(field + " is neither an application id nor operator:<name>");
    }
}
