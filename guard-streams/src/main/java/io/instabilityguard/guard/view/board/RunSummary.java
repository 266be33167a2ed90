package io.instabilityguard.guard.view.board;

import io.instabilityguard.schemas.RunState;
import java.util.List;
import java.util.Map;

/**
 * Where one run stands.
 *
 * @param run its id
 * @param generation of its trainer
 * @param health OK, ALARM or UNKNOWN, as the guard published it last
 * @param healthReason why
 * @param mode what the guard may do to it
 * @param lastStep last step of which something is known
 * @param lastSeenMs when that was, epoch milliseconds by the clock of the one who wrote it
 * @param loss last loss; NaN when none is known
 * @param openAnomalies ids of the anomalies that are open
 * @param blindSignals signals that cannot warn
 * @param commandsIssued commands of this generation
 * @param stepEquivalentsSpent cost of interventions in the last 1,000 steps
 * @param leaseHolder who may act on it; empty when nobody's claim is known
 * @param leaseReason why
 * @param policyHash policy in force
 * @param proposals commands that wait for an operator
 */
public record RunSummary(
        String run,
        long generation,
        String health,
        String healthReason,
        String mode,
        long lastStep,
        long lastSeenMs,
        double loss,
        List<String> openAnomalies,
        List<String> blindSignals,
        long commandsIssued,
        double stepEquivalentsSpent,
        String leaseHolder,
        String leaseReason,
        String policyHash,
        List<Proposal> proposals) {

    /** Of a state and what has been seen since. */
    static RunSummary of(RunState state, RunBoard board) {
        boolean newer = board.lastStep() >= state.getLastStep();
        return new RunSummary(
                state.getRun(),
                state.getGeneration(),
                state.getHealth().name(),
                state.getHealthReason(),
                state.getMode().name(),
                newer ? board.lastStep() : state.getLastStep(),
                board.lastSeenMs() == 0 ? state.getTimestampMs() : board.lastSeenMs(),
                board.latest("loss"),
                List.copyOf(state.getOpenAnomalies()),
                List.copyOf(state.getBlindSignals()),
                state.getCommandsIssued(),
                state.getStepEquivalentsSpent(),
                state.getLeaseHolder(),
                state.getLeaseReason(),
                state.getPolicyHash(),
                state.getProposals().stream().map(Proposal::of).toList());
    }

    /** Whether it is in alarm, and so on: what needs a person comes first. */
    public int urgency() {
        return switch (health) {
            case "ALARM" -> 0;
            case "UNKNOWN" -> 1;
            default -> 2;
        };
    }

    /**
     * A command that waits for an operator.
     *
     * @param id of the proposal
     * @param intervention name in the policy
     * @param kind what would be done
     * @param layers to what
     * @param parameters how
     * @param reason why
     * @param anomalyId the anomaly that it would answer
     * @param proposedAtStep since when
     * @param expiresAtStep last step at which an approval counts
     */
    public record Proposal(
            String id,
            String intervention,
            String kind,
            List<String> layers,
            Map<String, Double> parameters,
            String reason,
            String anomalyId,
            long proposedAtStep,
            long expiresAtStep) {

        private static Proposal of(io.instabilityguard.schemas.Proposal proposal) {
            return new Proposal(
                    proposal.getId(),
                    proposal.getIntervention(),
                    proposal.getKind().name(),
                    List.copyOf(proposal.getLayers()),
                    Map.copyOf(proposal.getParameters()),
                    proposal.getReason(),
                    proposal.getAnomalyId(),
                    proposal.getProposedAtStep(),
                    proposal.getExpiresAtStep());
        }
    }
}
