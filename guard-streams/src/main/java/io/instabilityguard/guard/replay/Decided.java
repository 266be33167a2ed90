package io.instabilityguard.guard.replay;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import java.util.List;

/**
 * What was decided about a run.
 *
 * @param anomalies transitions of anomalies, in order
 * @param decisions decisions, in order
 * @param digest SHA-256 (hex) over every byte that was published of anomalies, decisions and commands, in order; empty when nobody replayed it
 */
public record Decided(List<Anomaly> anomalies, List<Decision> decisions, String digest) {

    /** Nothing. */
    public static final Decided NOTHING = new Decided(List.of(), List.of(), "");

    /** Keeps its own copies. */
    public Decided {
        anomalies = List.copyOf(anomalies);
        decisions = List.copyOf(decisions);
    }
}
