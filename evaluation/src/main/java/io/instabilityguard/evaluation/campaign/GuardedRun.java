package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.evaluation.campaign.RunRecord.Alarm;
import io.instabilityguard.evaluation.campaign.RunRecord.GuardPart;
import io.instabilityguard.evaluation.history.RunHistory;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.Verdict;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Condenses what the topics said about a run into what the store keeps. */
final class GuardedRun {
    private GuardedRun() {}

    static GuardPart of(RunHistory history) {
        Set<String> acted = Stream.concat(
                        history.commands().stream().map(InterventionCommand::getAnomalyId),
                        history.decisions().stream()
                                .filter(decision -> decision.getAction() == DecisionAction.WOULD_COMMAND)
                                .map(Decision::getAnomalyId))
                .collect(Collectors.toSet());
        double hookMillis = history.medianHookMicros() / 1000;
        return new GuardPart(
                history.raised().stream().map(anomaly -> alarm(anomaly, acted)).toList(),
                applied(history),
                harmful(history),
                Double.isFinite(hookMillis) ? hookMillis : null,
                history.droppedMessages());
    }

    private static Alarm alarm(Anomaly anomaly, Set<String> acted) {
        return new Alarm(anomaly.getEvidence().getDetector(), anomaly.getStep(), acted.contains(anomaly.getId()));
    }

    private static Map<String, Integer> applied(RunHistory history) {
        Map<String, Integer> applied = new TreeMap<>();
        List<InterventionOutcome> once = history.outcomes().stream()
                .filter(outcome -> outcome.getStatus() == OutcomeStatus.APPLIED)
                .collect(
                        Collectors.toMap(InterventionOutcome::getCommandId, outcome -> outcome, (first, rank) -> first))
                .values()
                .stream()
                .toList();
        once.forEach(outcome -> applied.merge(outcome.getKind().name(), 1, Integer::sum));
        return applied;
    }

    private static int harmful(RunHistory history) {
        return (int) history.decisions().stream()
                .filter(decision -> decision.getVerdict() == Verdict.HARMFUL)
                .map(Decision::getCommandId)
                .distinct()
                .count();
    }
}
