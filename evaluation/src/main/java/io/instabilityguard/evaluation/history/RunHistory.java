package io.instabilityguard.evaluation.history;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Verdict;
import java.util.List;
import java.util.Optional;

/**
 * Everything the topics said about one run.
 *
 * @param telemetry steps, in order
 * @param anomalies all transitions
 * @param commands what the guard asked for
 * @param outcomes what the trainer did
 * @param decisions all of them, also to do nothing
 * @param loopMillis per step that waited for the guard: from its telemetry record to the run state that answers it,
 *     read read-committed
 */
public record RunHistory(
        List<StepTelemetry> telemetry,
        List<Anomaly> anomalies,
        List<InterventionCommand> commands,
        List<InterventionOutcome> outcomes,
        List<Decision> decisions,
        List<Double> loopMillis) {
    /** The anomalies at the moment they were raised. */
    public List<Anomaly> raised() {
        return anomalies.stream()
                .filter(anomaly -> anomaly.getTransition() == AnomalyTransition.RAISED)
                .toList();
    }

    /** The step at which a command changed the run, if it did. */
    public Optional<Long> appliedAtStep(InterventionCommand command) {
        return outcomes.stream()
                .filter(outcome -> outcome.getCommandId().equals(command.getId()))
                .filter(outcome -> outcome.getStatus() == OutcomeStatus.APPLIED)
                .map(InterventionOutcome::getStep)
                .findFirst();
    }

    /** The latest judgement of a command's effect. */
    public Verdict verdict(InterventionCommand command) {
        return decisions.stream()
                .filter(decision -> decision.getAction() == DecisionAction.VERDICT)
                .filter(decision -> decision.getCommandId().equals(command.getId()))
                .map(Decision::getVerdict)
                .reduce(Verdict.UNKNOWN, (earlier, later) -> later);
    }

    /** What one call of the hook costs the trainer, waits excluded: the median in microseconds. */
    public double medianHookMicros() {
        return Percentiles.of(
                        telemetry.stream().map(StepTelemetry::getHookMicros).toList())
                .median();
    }

    /** Messages that were dropped between trainer and Kafka. */
    public long droppedMessages() {
        return telemetry.stream().mapToLong(StepTelemetry::getDroppedMessages).sum();
    }
}
