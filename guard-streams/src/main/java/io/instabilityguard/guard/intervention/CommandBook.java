package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.Finding;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.intervention.IssuedCommand.State;
import io.instabilityguard.guard.policy.InterventionPolicy;
import io.instabilityguard.guard.policy.Metric;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.Policy.Rollback;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.Verdict;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Follows issued commands to their end: answers of the sidecars (of every rank for a command to count as applied), their silence, and the effect some steps
 * after application. A command that did harm is rolled back where the policy says so; a rollback is followed to its answer, and is itself never judged or rolled back.
 */
final class CommandBook {

    /** Steps for which an answer is waited for where no policy says it any more. */
    private static final int OUTSTANDING_STEPS = 100;

    private final Policy policy;
    private final Ladders ladders;

    CommandBook(Policy policy, Ladders ladders) {
        this.policy = policy;
        this.ladders = ladders;
    }

    /** Enters a sidecar's answer; answers to unknown or finished commands change nothing but their cost. */
    void enter(Proceedings proceedings, InterventionOutcome outcome) {
        double millis = Double.isFinite(outcome.getHookMillis()) ? outcome.getHookMillis() : outcome.getComputeMillis();
        if (millis > 0 && Double.isFinite(millis)) {
            proceedings.remember(
                    memory -> memory.withChanged(outcome.getCommandId(), command -> command.costing(millis)));
        }
        proceedings.memory().command(outcome.getCommandId()).ifPresent(command -> {
            if (outcome.getStatus() == OutcomeStatus.APPLIED) {
                applied(proceedings, command, outcome);
            } else if (command.isUnanswered() && isFinal(outcome.getStatus())) {
                notApplied(proceedings, command, outcome);
            }
        });
    }

    /** Takes what became of a command that was really sent for what would have become of another one, which does the same. */
    void hear(Proceedings proceedings, IssuedCommand own, IssuedCommand real, Verdict verdict, String reason) {
        IssuedCommand after = own.in(real.state(), real.stateStep()).costing(real.costMillis());
        conclude(proceedings, after, verdict, reason);
    }

    /** Gives up on commands that nobody answered, and judges those whose time has come. */
    void review(Proceedings proceedings, StepInspected event) {
        for (IssuedCommand command : proceedings.memory().issued()) {
            InterventionPolicy rung = policy.interventions().get(command.rung());
            if (command.isUnanswered() && isOverdue(command, rung, proceedings.step())) {
                lost(proceedings, command);
            } else if (rung != null && command.state() == State.APPLIED) {
                judgeWhenDue(proceedings, command, rung, event);
            }
        }
    }

    private static void applied(Proceedings proceedings, IssuedCommand command, InterventionOutcome outcome) {
        if (command.isUnanswered() || command.state() == State.LOST) {
            IssuedCommand told = command.appliedBy(outcome.getProcessRank());
            boolean byAll = told.appliedBy().areAll();
            long boundary = Math.max(outcome.getStep(), command.decidedAtStep());
            State state = command.isRollback() ? State.JUDGED : State.APPLIED;
            proceedings.remember(
                    memory -> memory.withChanged(command.id(), known -> byAll ? told.in(state, boundary) : told));
            if (byAll && command.isRollback()) {
                boolean isCancel = outcome.getKind() == InterventionKind.CANCEL;
                proceedings.judge(
                        command,
                        Verdict.UNKNOWN,
                        command.undoes()
                                + (isCancel ? " was cancelled at step " : " was rolled back at step ")
                                + boundary);
            }
        }
    }

    private static boolean isFinal(OutcomeStatus status) {
        return status != OutcomeStatus.UNKNOWN && status != OutcomeStatus.DUPLICATE;
    }

    private void notApplied(Proceedings proceedings, IssuedCommand command, InterventionOutcome outcome) {
        long step = Math.max(outcome.getStep(), command.decidedAtStep());
        conclude(
                proceedings,
                command.in(State.NOT_APPLIED, step),
                Verdict.UNKNOWN,
                "not applied, " + outcome.getStatus() + ": " + outcome.getReason()
                        + command.appliedBy().note());
    }

    private void lost(Proceedings proceedings, IssuedCommand command) {
        long step = proceedings.step();
        conclude(
                proceedings,
                command.in(State.LOST, step),
                Verdict.UNKNOWN,
                "no answer by step " + step + command.appliedBy().note());
    }

    /** A command of an intervention that the policy does not have any more is given up, too. */
    private static boolean isOverdue(IssuedCommand command, @Nullable InterventionPolicy rung, long step) {
        int patience = rung == null ? OUTSTANDING_STEPS : rung.timing().outstandingSteps();
        return step > command.decidedAtStep() + patience;
    }

    private void judgeWhenDue(
            Proceedings proceedings, IssuedCommand command, InterventionPolicy rung, StepInspected event) {
        if (proceedings.step() < command.stateStep() + rung.verdict().afterSteps()) {
            return;
        }
        Judgement judgement = Judgement.of(proceedings.memory(), command, rung.verdict(), event);
        boolean harmful = judgement.verdict() == Verdict.HARMFUL;
        boolean mustUndo = harmful && rung.verdict().rollBack();
        boolean mayCommand = event.stale().isEmpty() && !proceedings.hasCommanded();
        if (judgement.isPending() || mustUndo && !mayCommand) {
            return;
        }
        State state = harmful ? State.HARMED : State.JUDGED;
        long step = harmful ? proceedings.step() : command.stateStep();
        conclude(proceedings, command.in(state, step), judgement.verdict(), judgement.reason());
        if (mustUndo) {
            undo(proceedings, command, harm(command, rung, event));
        }
    }

    private void conclude(Proceedings proceedings, IssuedCommand command, Verdict verdict, String reason) {
        proceedings.remember(memory -> memory.withChanged(command.id(), known -> command));
        proceedings.judge(command, verdict, reason);
        if (verdict != Verdict.EFFECTIVE && !command.isRollback()) {
            ladders.noteInVain(proceedings, command);
        }
    }

    private static Finding harm(IssuedCommand command, InterventionPolicy rung, StepInspected event) {
        double before = command.recentLossBefore();
        return new Finding(
                command.detector(),
                Metric.LOSS.label(),
                List.of(),
                event.recentLoss(),
                before,
                before + rung.verdict().harmfulLossRise(),
                command.stateStep(),
                event.telemetry().getStep(),
                Double.NaN,
                "the loss rose");
    }

    private void undo(Proceedings proceedings, IssuedCommand harmful, Finding harm) {
        Rollback rollback = policy.rollback();
        if (proceedings.step() + rollback.leadSteps() > harmful.stateStep() + rollback.shadowSteps()) {
            String reason = harmful.id() + " cannot be rolled back any more: what that needs was kept for "
                    + rollback.shadowSteps() + " steps";
            proceedings.decide(DecisionAction.NOTHING, harmful.anomalyId(), harmful.id(), reason, harm);
            return;
        }
        Optional<Obstacle> barrier =
                proceedings.authority().obstacle(proceedings.memory().desk().heldReason());
        if (barrier.isPresent()) {
            String reason =
                    harmful.id() + " is not rolled back: " + barrier.get().reason();
            proceedings.decide(DecisionAction.NOTHING, harmful.anomalyId(), harmful.id(), reason, harm);
            return;
        }
        InterventionCommand command = CommandDraft.undoing(proceedings, harmful, harm, rollback);
        int ranks = harmful.appliedBy().all();
        IssuedCommand issued = IssuedCommand.of(command, harmful.rung(), State.SENT, harm.value(), null, ranks);
        proceedings.remember(memory -> memory.withCommand(issued));
        String reason = harmful.rung() + " did harm and is rolled back: " + harmful.id();
        proceedings.decide(DecisionAction.COMMAND, harmful.anomalyId(), command.getId(), reason, harm);
        proceedings.publish(command);
    }
}
