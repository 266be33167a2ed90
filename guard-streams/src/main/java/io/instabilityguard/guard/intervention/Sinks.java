package io.instabilityguard.guard.intervention;

/**
 * Names of the topology's nodes that publish what was decided.
 *
 * @param anomalies node for anomalies
 * @param decisions node for decisions
 * @param commands node for commands
 * @param runs node for states of runs
 * @param leases node for claims of leases
 * @param shadow node that compares with the shadow policy of the run, if there is one
 */
public record Sinks(String anomalies, String decisions, String commands, String runs, String leases, String shadow) {}
