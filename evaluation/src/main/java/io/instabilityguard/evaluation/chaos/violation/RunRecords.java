package io.instabilityguard.evaluation.chaos.violation;

import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.List;

/**
 * What the topics hold of one run, committed records only, in the order of each topic.
 *
 * @param telemetry of all its generations and ranks, republished ones included
 */
record RunRecords(
        List<Message<StepTelemetry>> telemetry,
        List<Message<Decision>> decisions,
        List<Message<InterventionCommand>> commands,
        List<Message<InterventionOutcome>> outcomes) {
    /** Nothing yet. */
    static RunRecords empty() {
        return new RunRecords(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
}
