package io.instabilityguard.evaluation.chaos.violation;

import io.instabilityguard.evaluation.chaos.violation.RankLog.Applied;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the topic says became of a command on a rank is what that rank did; and of all that it did the topic says so. */
final class OutcomeCheck {
    private final RunFacts facts;
    private final Map<String, List<InterventionOutcome>> told = new HashMap<>();
    private final List<Violation> found = new ArrayList<>();

    private OutcomeCheck(RunFacts facts) {
        this.facts = facts;
    }

    /** Outcomes against the ranks' own logs. */
    static List<Violation> of(RunFacts facts, List<Message<InterventionOutcome>> outcomes) {
        OutcomeCheck check = new OutcomeCheck(facts);
        outcomes.stream()
                .map(Message::value)
                .filter(OutcomeCheck::isFinal)
                .forEach(outcome -> check.told
                        .computeIfAbsent(
                                key(outcome.getGeneration(), outcome.getProcessRank(), outcome.getCommandId()),
                                key -> new ArrayList<>())
                        .add(outcome));
        check.told.values().forEach(check::consistent);
        facts.logs().forEach(check::toldOf);
        return check.found;
    }

    /** A DUPLICATE only says that a command came twice. */
    private static boolean isFinal(InterventionOutcome outcome) {
        return outcome.getStatus() != OutcomeStatus.DUPLICATE && outcome.getStatus() != OutcomeStatus.UNKNOWN;
    }

    private static String key(long generation, int rank, String command) {
        return generation + " " + rank + " " + command;
    }

    private void consistent(List<InterventionOutcome> answers) {
        InterventionOutcome first = answers.get(0);
        for (InterventionOutcome answer : answers) {
            if (answer.getStatus() != first.getStatus() || answer.getStep() != first.getStep()) {
                complain(describe(answer) + ", and before that " + first.getStatus() + " at step " + first.getStep());
            }
        }
        facts.logs().stream()
                .filter(log -> log.generation() == first.getGeneration() && log.rank() == first.getProcessRank())
                .forEach(log -> isTrue(first, log));
    }

    private void isTrue(InterventionOutcome outcome, RankLog log) {
        Optional<RankLog.Step> at = stepOf(log, outcome.getCommandId());
        if (outcome.getStatus() == OutcomeStatus.APPLIED) {
            boolean died = facts.wasKilled(log) && outcome.getStep() > log.lastStep();
            if (!died
                    && at.map(RankLog.Step::step)
                            .filter(step -> step == outcome.getStep())
                            .isEmpty()) {
                complain(describe(outcome) + ", but " + log.name() + " applied it "
                        + at.map(step -> "at step " + step.step()).orElse("never"));
            }
        } else if (at.isPresent() && !facts.wasKilled(log) && !isWithoutEffect(outcome, at.get())) {
            complain(describe(outcome) + ", but " + log.name() + " applied it at step "
                    + at.get().step());
        }
    }

    /** A rank may carry a command out and find nothing to change. */
    private static boolean isWithoutEffect(InterventionOutcome outcome, RankLog.Step step) {
        return outcome.getStatus() == OutcomeStatus.REFUSED && step.after().isEmpty();
    }

    private void toldOf(RankLog log) {
        if (log.end() == null) {
            return;
        }
        for (RankLog.Step step : log.steps()) {
            for (Applied applied : step.applied()) {
                if (!told.containsKey(key(log.generation(), log.rank(), applied.id()))) {
                    complain(applied.id() + " was applied by " + log.name() + " at step " + step.step()
                            + ", and no outcome says so");
                }
            }
        }
    }

    private static Optional<RankLog.Step> stepOf(RankLog log, String id) {
        return log.steps().stream()
                .filter(step ->
                        step.applied().stream().anyMatch(applied -> applied.id().equals(id)))
                .findFirst();
    }

    private static String describe(InterventionOutcome outcome) {
        return "the outcome of " + outcome.getCommandId() + " on rank " + outcome.getProcessRank() + " is "
                + outcome.getStatus() + " at step " + outcome.getStep();
    }

    private void complain(String text) {
        found.add(new Violation(Invariant.TOLD_TRUE, facts.run(), text));
    }
}
