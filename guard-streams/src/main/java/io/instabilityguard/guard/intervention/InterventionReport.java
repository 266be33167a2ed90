package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.policy.Policy;
import java.util.List;

/**
 * What the guard may still do to one run, and how far its open anomalies are from clearing.
 *
 * @param spent cost of all commands of the last 1,000 steps, in steps
 * @param budget what they may cost
 * @param open anomalies in the order of raising
 * @param rungs every intervention of the policy
 * @param ladders every ladder of the policy that has a rung
 */
public record InterventionReport(
        double spent, double budget, List<OpenReport> open, List<RungReport> rungs, List<LadderReport> ladders) {

    /** Keeps its own copies. */
    public InterventionReport {
        open = List.copyOf(open);
        rungs = List.copyOf(rungs);
        ladders = List.copyOf(ladders);
    }

    /**
     * An open anomaly.
     *
     * @param id its id
     * @param detector its detector
     * @param raisedAtStep step at which it was raised
     * @param quietSteps steps for which its detector has been quiet
     * @param clearAfterSteps quiet steps after which it clears
     */
    public record OpenReport(String id, String detector, long raisedAtStep, long quietSteps, int clearAfterSteps) {}

    /**
     * A ladder.
     *
     * @param detector the detector whose anomalies it answers
     * @param level number of the rung at which it stands, from 0
     * @param rungs its rungs, mild ones first
     */
    public record LadderReport(String detector, int level, List<String> rungs) {

        /** Keeps its own copy. */
        public LadderReport {
            rungs = List.copyOf(rungs);
        }
    }

    /**
     * Of a run, as its memory is stored.
     *
     * @param memory as in the store; of length 0 where nothing was decided yet
     * @param policy what the run is under
     * @param generation the trainer's life
     * @param step the run's last step
     * @param stepMillis usual time of a step; NaN when unknown
     */
    public static InterventionReport of(byte[] memory, Policy policy, long generation, long step, double stepMillis) {
        RunMemory stored = memory.length == 0 ? RunMemory.of("", generation) : MemoryCodec.decode(memory);
        RunMemory known = stored.generation() == generation ? stored : stored.inGeneration(generation);
        return new InterventionReport(
                known.stepEquivalents(step, stepMillis),
                policy.budget(),
                known.open().stream().map(open -> open(open, policy, step)).toList(),
                policy.interventions().entrySet().stream()
                        .map(rung -> new Rung(rung.getKey(), rung.getValue()))
                        .filter(rung -> !rung.pages())
                        .map(rung -> rung.report(known, step))
                        .toList(),
                new Ladders(policy).report(known));
    }

    private static OpenReport open(OpenAnomaly open, Policy policy, long step) {
        int clearAfter = policy.clearAfterSteps(open.detector());
        long quiet = Math.max(0, step - open.lastLoudStep());
        return new OpenReport(open.id(), open.detector(), open.raisedAtStep(), quiet, clearAfter);
    }
}
