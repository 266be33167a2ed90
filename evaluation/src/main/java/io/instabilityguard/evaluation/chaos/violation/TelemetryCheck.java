package io.instabilityguard.evaluation.chaos.violation;

import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What was given up is counted. */
final class TelemetryCheck {
    private TelemetryCheck() {}

    /**
     * Steps that are neither in the topic nor counted as dropped, of ranks whose sidecar lived through the trial. What was given up after the last record that
     * arrived could not be counted in any: such ranks are left out.
     */
    static List<Violation> of(RunFacts facts, List<Message<StepTelemetry>> telemetry) {
        List<Violation> found = new ArrayList<>();
        for (RankLog log : facts.logs()) {
            RankLog.End end = log.end();
            Set<Long> arrived = new HashSet<>();
            long dropped = 0;
            for (Message<StepTelemetry> message : telemetry) {
                StepTelemetry step = message.value();
                boolean isOf = step.getGeneration() == log.generation() && step.getProcessRank() == log.rank();
                if (isOf && arrived.add(step.getStep())) {
                    dropped += step.getDroppedMessages();
                }
            }
            if (end == null || facts.unreliable().contains(log.rank()) || !arrived.contains(log.lastStep())) {
                continue;
            }
            long sent = end.statistics().getOrDefault("stepsSent", 0L);
            if (sent > arrived.size() + dropped) {
                found.add(new Violation(
                        Invariant.NOTHING_LOST,
                        facts.run(),
                        log.name() + " sent " + sent + " steps, " + arrived.size() + " are in the topic and " + dropped
                                + " counted as dropped"));
            }
        }
        return found;
    }
}
