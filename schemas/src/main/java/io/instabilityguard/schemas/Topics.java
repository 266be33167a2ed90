package io.instabilityguard.schemas;

import java.time.Duration;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/** The catalogue of all topics: the only place where a topic's name is written. */
public final class Topics {
    private static final int PARTITIONS = 6;
    private static final Duration WEEK = Duration.ofDays(7);
    private static final Duration YEAR = Duration.ofDays(365);

    /** One record per optimizer step and process; written by sidecars. */
    public static final Topic<StepTelemetry> TELEMETRY = kept("guard.telemetry.v1", StepTelemetry.class, WEEK);

    /** What sidecars shall do; written by the guard alone. */
    public static final Topic<InterventionCommand> COMMANDS =
            kept("guard.commands.v1", InterventionCommand.class, YEAR);

    /** What sidecars did with the commands. */
    public static final Topic<InterventionOutcome> OUTCOMES =
            kept("guard.outcomes.v1", InterventionOutcome.class, YEAR);

    /** Precursors raised, escalated and cleared. */
    public static final Topic<Anomaly> ANOMALIES = kept("guard.anomalies.v1", Anomaly.class, YEAR);

    /** Everything the guard decided, for auditors. */
    public static final Topic<Decision> DECISIONS = kept("guard.decisions.v1", Decision.class, YEAR);

    /** Where each run stands: the latest state of every run, compacted. */
    public static final Topic<RunState> RUNS = new Topic<>("guard.runs.v1", RunState.class, PARTITIONS, true, YEAR);

    /** What operators ask for: approvals, refusals, commands of their own. */
    public static final Topic<OperatorAction> OPERATOR = kept("guard.operator.v1", OperatorAction.class, YEAR);

    /** Who may act on which run; never compacted, since a claim counts by what came before it. */
    public static final Topic<LeaseClaim> LEASES = kept("guard.leases.v1", LeaseClaim.class, YEAR);

    /** What operators want the policy to be: the latest revision for each pattern of runs. One partition, so that revisions have one order. */
    public static final Topic<PolicyRevision> POLICIES =
            new Topic<>("guard.policies.v1", PolicyRevision.class, 1, true, YEAR);

    /** The last good revision for each pattern of runs; written by the guard, which found it good. */
    public static final Topic<PolicyInForce> POLICIES_IN_FORCE =
            new Topic<>("guard.policies-in-force.v1", PolicyInForce.class, 1, true, YEAR);

    /** Where shadow policies and those in force agree, and what the shadows would have commanded. */
    public static final Topic<ShadowAgreement> SHADOW = kept("guard.shadow.v1", ShadowAgreement.class, YEAR);

    /** What could not be read or processed, with its origin and cause. */
    public static final Topic<DeadLetter> DEAD_LETTERS = kept("guard.dead-letters.v1", DeadLetter.class, YEAR);

    private static final List<Topic<?>> ALL = List.of(
            TELEMETRY,
            COMMANDS,
            OUTCOMES,
            ANOMALIES,
            DECISIONS,
            RUNS,
            OPERATOR,
            LEASES,
            POLICIES,
            POLICIES_IN_FORCE,
            SHADOW,
            DEAD_LETTERS);

    private Topics() {}

    /** Every topic of the catalogue, in the order of the loop. */
    public static List<Topic<?>> all() {
        return ALL;
    }

    private static <V extends SpecificRecord> Topic<V> kept(String name, Class<V> type, Duration retention) {
        return new Topic<>(name, type, PARTITIONS, false, retention);
    }
}
