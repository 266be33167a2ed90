package io.instabilityguard.guard.policy;

/**
 * What is done with telemetry that was already old when it was read, such as what piled up while the guard was away.
 *
 * @param handling what is done with it
 * @param staleAfterSeconds age from which telemetry counts as stale: wall clock less the record's own time, so both clocks must agree better than that
 */
public record Backlog(Handling handling, double staleAfterSeconds) {

    /** What is done with stale telemetry. */
    public enum Handling {
        /** It only moves the position: baselines and anomalies stay as they are, as if it had been lost. */
        SKIP,
        /** It moves windows, baselines and anomalies, but nothing is commanded before fresh telemetry says the same. */
        RE_EVALUATE,
        /** It is fresh telemetry. */
        PROCESS
    }

    /** Whether telemetry of this age, in milliseconds, is stale. */
    public boolean isStale(long ageMs) {
        return handling != Handling.PROCESS && ageMs > staleAfterSeconds * 1_000;
    }
}
