package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.evaluation.chaos.fault.Fault;
import io.instabilityguard.evaluation.chaos.violation.TrialCheck;
import io.instabilityguard.evaluation.chaos.violation.Violation;
import java.util.List;

/**
 * What one trial found, and on how much that rests.
 *
 * @param trial its number, from 0 on
 * @param faults what went wrong
 * @param violations one line each
 * @param commands made
 * @param applications of commands, counted per rank
 * @param telemetry records in the topic
 * @param longestWaitMs the longest call of {@code guard.step}, without time in which the trainer was stopped
 * @param millis how long the trial took
 */
public record TrialResult(
        int trial,
        List<Fault> faults,
        List<String> violations,
        int commands,
        int applications,
        int telemetry,
        double longestWaitMs,
        long millis) {
    static TrialResult of(
            int trial, List<Fault> faults, List<Violation> violations, TrialCheck.Result result, long millis) {
        return new TrialResult(
                trial,
                faults,
                violations.stream().map(Violation::toString).toList(),
                result.commands(),
                result.applications(),
                result.telemetry(),
                result.longestWaitMs(),
                millis);
    }
}
