package io.instabilityguard.guard.intervention;

import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.Proposal;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A command that waits for an operator.
 *
 * @param id id of the command if it is approved
 * @param rung name of the intervention in the policy
 * @param anomalyId the anomaly it would answer
 * @param detector the detector of that anomaly
 * @param kind what would be done
 * @param layers what would be touched
 * @param parameters parameters of the kind
 * @param reason why
 * @param proposedAtStep step of the proposal
 * @param expiresAtStep last step at which an approval counts
 */
record OpenProposal(
        String id,
        String rung,
        String anomalyId,
        String detector,
        InterventionKind kind,
        List<String> layers,
        Map<String, Double> parameters,
        String reason,
        long proposedAtStep,
        long expiresAtStep) {

    OpenProposal {
        layers = List.copyOf(layers);
        parameters = Collections.unmodifiableMap(new TreeMap<>(parameters));
    }

    /** The proposal to send this command. */
    static OpenProposal of(InterventionCommand command, String rung, String reason, int validSteps) {
        return new OpenProposal(
                command.getId(),
                rung,
                command.getAnomalyId(),
                command.getEvidence().getDetector(),
                command.getKind(),
                command.getLayers(),
                command.getParameters(),
                reason,
                command.getDecidedAtStep(),
                command.getDecidedAtStep() + validSteps);
    }

    /** As it is shown in the run's state. */
    Proposal shown() {
        return Proposal.newBuilder()
                .setId(id)
                .setIntervention(rung)
                .setAnomalyId(anomalyId)
                .setKind(kind)
                .setLayers(layers)
                .setParameters(parameters)
                .setReason(reason)
                .setProposedAtStep(proposedAtStep)
                .setExpiresAtStep(expiresAtStep)
                .build();
    }
}
