package io.instabilityguard.evaluation.evidence;

import io.instabilityguard.evaluation.signals.SignalScore;
import java.util.List;

/**
 * The contents of {@code evidence.json}.
 *
 * @param provenance how it came about
 * @param cells one per scenario and method
 * @param detectors one per scenario and detector
 * @param signals how well single signals tell lost runs from others; empty without traces
 * @param claims what the numbers say about what was promised, good or bad
 * @param harmful methods that lose more runs than doing nothing does
 */
public record Evidence(
        Provenance provenance,
        List<CellSummary> cells,
        List<DetectorSummary> detectors,
        List<SignalScore> signals,
        List<Claim> claims,
        List<String> harmful) {
    /**
     * How the evidence came about.
     *
     * @param commit of the working tree that wrote the report
     * @param command that was given
     * @param date of the report, ISO
     * @param machine processors and operating system
     * @param runs finished runs that were counted
     * @param runCommits commits of the working trees that made the runs
     */
    public record Provenance(
            String commit, String command, String date, String machine, int runs, List<String> runCommits) {}

    /**
     * One promise, judged by rule.
     *
     * @param reached whether the numbers keep it
     * @param words the promise with the numbers
     */
    public record Claim(boolean reached, String words) {
        @Override
        public String toString() {
            return (reached ? "reached      " : "NOT reached  ") + words;
        }
    }
}
