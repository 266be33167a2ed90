package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.intervention.IssuedCommand.State;
import io.instabilityguard.guard.policy.InterventionPolicy;
import io.instabilityguard.guard.policy.InterventionPolicy.VerdictPolicy;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.Verdict;
import java.util.Map;

/** Follows issued commands to their end: answers of the sidecars, silence of the sidecars, and the effect some steps after application. */
final class CommandBook {

    private final Map<String, InterventionPolicy> interventions;

    CommandBook(Map<String, InterventionPolicy> interventions) {
        this.interventions = interventions;
    }

    /** Enters a sidecar's answer; answers to unknown or finished commands change nothing. */
    static void enter(Proceedings proceedings, InterventionOutcome outcome) {
        proceedings.memory().command(outcome.getCommandId()).ifPresent(command -> {
            if (outcome.getStatus() == OutcomeStatus.APPLIED) {
                applied(proceedings, command, outcome);
            } else if (command.isUnanswered() && isFinal(outcome.getStatus())) {
                notApplied(proceedings, command, outcome);
            }
        });
    }

    /** Gives up on commands that nobody answered, and judges those whose time has come. */
    void review(Proceedings proceedings, double recentLoss) {
        for (IssuedCommand command : proceedings.memory().issued()) {
            InterventionPolicy rung = interventions.get(command.rung());
            if (rung != null && command.isUnanswered() && isOverdue(command, rung, proceedings.step())) {
                lost(proceedings, command);
            } else if (rung != null && command.state() == State.APPLIED) {
                judgeWhenDue(proceedings, command, rung.verdict(), recentLoss);
            }
        }
    }

    private static void applied(Proceedings proceedings, IssuedCommand command, InterventionOutcome outcome) {
        if (command.isUnanswered() || command.state() == State.LOST) {
            long boundary = Math.max(outcome.getStep(), command.decidedAtStep());
            proceedings.remember(
                    memory -> memory.withChanged(command.id(), known -> known.in(State.APPLIED, boundary)));
        }
    }

    private static boolean isFinal(OutcomeStatus status) {
        return status != OutcomeStatus.UNKNOWN && status != OutcomeStatus.DUPLICATE;
    }

    private static void notApplied(Proceedings proceedings, IssuedCommand command, InterventionOutcome outcome) {
        long step = Math.max(outcome.getStep(), command.decidedAtStep());
        proceedings.remember(memory -> memory.withChanged(command.id(), issued -> issued.in(State.NOT_APPLIED, step)));
        proceedings.judge(command, Verdict.UNKNOWN, "not applied, " + outcome.getStatus() + ": " + outcome.getReason());
    }

    private static void lost(Proceedings proceedings, IssuedCommand command) {
        long step = proceedings.step();
        proceedings.remember(memory -> memory.withChanged(command.id(), issued -> issued.in(State.LOST, step)));
        proceedings.judge(command, Verdict.UNKNOWN, "no answer by step " + step);
    }

    private static boolean isOverdue(IssuedCommand command, InterventionPolicy rung, long step) {
        return step > command.decidedAtStep() + rung.outstandingSteps();
    }

    private static void judgeWhenDue(
            Proceedings proceedings, IssuedCommand command, VerdictPolicy policy, double recentLoss) {
        if (proceedings.step() < command.stateStep() + policy.afterSteps()) {
            return;
        }
        Verdict verdict = verdict(proceedings, command, policy, recentLoss);
        IssuedCommand judged = verdict == Verdict.HARMFUL
                ? command.in(State.HARMED, proceedings.step())
                : command.in(State.JUDGED, command.stateStep());
        proceedings.remember(memory -> memory.withChanged(command.id(), known -> judged));
        proceedings.judge(command, verdict, reason(verdict, command, recentLoss));
    }

    /**
     * HARMFUL when the recent loss rose by more than the policy tolerates or is not finite; EFFECTIVE when the detector has not fired in the
     * second half of the time since application; NEUTRAL otherwise.
     */
    private static Verdict verdict(
            Proceedings proceedings, IssuedCommand command, VerdictPolicy policy, double recentLoss) {
        boolean tolerable = recentLoss <= command.recentLossBefore() + policy.harmfulLossRise();
        if (!tolerable && !Double.isNaN(command.recentLossBefore())) {
            return Verdict.HARMFUL;
        }
        long secondHalf = command.stateStep() + policy.afterSteps() / 2;
        boolean stillFiring = proceedings
                .memory()
                .openOf(command.detector())
                .filter(anomaly -> anomaly.lastFiringStep() > secondHalf)
                .isPresent();
        return stillFiring ? Verdict.NEUTRAL : Verdict.EFFECTIVE;
    }

    private static String reason(Verdict verdict, IssuedCommand command, double recentLoss) {
        String loss = "recent loss %.4g before and %.4g now".formatted(command.recentLossBefore(), recentLoss);
        return switch (verdict) {
            case EFFECTIVE -> command.detector() + " went quiet after step " + command.stateStep() + ", " + loss;
            case HARMFUL -> "the loss rose after step " + command.stateStep() + ", " + loss;
            default -> command.detector() + " still fires after step " + command.stateStep() + ", " + loss;
        };
    }
}
