package io.instabilityguard.evaluation.incident;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.Verdict;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What was wanted done about it, and what came of it.
 *
 * @param command id of the command or proposal
 * @param decision how it was decided: commanded, proposed, or only what would have been commanded
 * @param operator for whom; empty when the guard decided by itself
 * @param step of the decision
 * @param layers that it touches; empty when no command was sent
 * @param parameters of its kind; empty when no command was sent
 * @param answers of the ranks
 * @param stoodStillMs longest time that a rank stood still for it, milliseconds; NaN when none said
 * @param verdicts on it, in their order
 */
record Deed(
        String command,
        DecisionAction decision,
        String operator,
        long step,
        List<String> layers,
        Map<String, Double> parameters,
        List<Answer> answers,
        double stoodStillMs,
        List<Judgement> verdicts) {

    private static final Set<DecisionAction> ISSUES =
            Set.of(DecisionAction.COMMAND, DecisionAction.WOULD_COMMAND, DecisionAction.PROPOSE);

    /** What one rank answered. */
    record Answer(int rank, OutcomeStatus status, long step, String reason) {}

    /** Whether it helped, as far as the guard could tell. */
    record Judgement(Verdict verdict, String reason) {}

    /** All that was wanted in a run, in the order of the decisions; of a proposal that was approved the command counts. */
    static List<Deed> of(Incident incident) {
        Map<String, Decision> wanted = new LinkedHashMap<>();
        incident.decisions().stream()
                .filter(decision -> ISSUES.contains(decision.getAction())
                        && !decision.getCommandId().isEmpty())
                .forEach(decision -> wanted.put(decision.getCommandId(), decision));
        return wanted.values().stream().map(decision -> of(decision, incident)).toList();
    }

    private static Deed of(Decision decision, Incident incident) {
        String id = decision.getCommandId();
        List<InterventionOutcome> outcomes = incident.outcomes(id);
        return new Deed(
                id,
                decision.getAction(),
                decision.getOperator(),
                decision.getStep(),
                incident.command(id).map(InterventionCommand::getLayers).orElse(List.of()),
                incident.command(id).map(InterventionCommand::getParameters).orElse(Map.of()),
                outcomes.stream().map(Deed::answer).toList(),
                outcomes.stream()
                        .mapToDouble(InterventionOutcome::getHookMillis)
                        .filter(Double::isFinite)
                        .max()
                        .orElse(Double.NaN),
                incident.decisions().stream()
                        .filter(judged -> judged.getAction() == DecisionAction.VERDICT
                                && judged.getCommandId().equals(id))
                        .map(judged -> new Judgement(judged.getVerdict(), judged.getReason()))
                        .toList());
    }

    private static Answer answer(InterventionOutcome outcome) {
        return new Answer(outcome.getProcessRank(), outcome.getStatus(), outcome.getStep(), outcome.getReason());
    }

    /** Whether a rank did it. */
    @JsonProperty("applied")
    boolean isApplied() {
        return answers.stream().anyMatch(answer -> answer.status() == OutcomeStatus.APPLIED);
    }

    /** The step at which it was done; 0 when it was not. */
    long appliedAtStep() {
        return answers.stream()
                .filter(answer -> answer.status() == OutcomeStatus.APPLIED)
                .mapToLong(Answer::step)
                .findFirst()
                .orElse(0);
    }
}
