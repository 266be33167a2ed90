package io.instabilityguard.evaluation.demo;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import java.util.Locale;

/** Events in the words of the demo, one line each. */
final class EventLines {
    private EventLines() {}

    static String of(Anomaly anomaly) {
        return "step %4d  anomaly %-9s %s"
                .formatted(
                        anomaly.getStep(),
                        anomaly.getTransition().name().toLowerCase(Locale.ROOT),
                        anomaly.getMessage());
    }

    static String of(InterventionCommand command) {
        return "step %4d  command           %s, due at step %d"
                .formatted(command.getDecidedAtStep(), words(command), command.getApplyAtStep());
    }

    static String of(InterventionOutcome outcome) {
        String status = outcome.getStatus().name().toLowerCase(Locale.ROOT);
        return "step %4d  outcome %-9s %s".formatted(outcome.getStep(), status, effect(outcome));
    }

    static String of(Decision decision) {
        return "step %4d  verdict %-9s %s"
                .formatted(
                        decision.getStep(),
                        decision.getVerdict().name().toLowerCase(Locale.ROOT),
                        decision.getReason());
    }

    /** What a command does, without its id. */
    static String words(InterventionCommand command) {
        return switch (command.getKind()) {
            case SCALE_LEARNING_RATE ->
                "learning rate x " + command.getParameters().getOrDefault("factor", Double.NaN);
            case APPLY_MSIGN -> "MSign on " + count(command.getLayers().size());
            default -> command.getKind().name().toLowerCase(Locale.ROOT).replace('_', ' ');
        };
    }

    private static String effect(InterventionOutcome outcome) {
        if (outcome.getStatus() != OutcomeStatus.APPLIED) {
            return outcome.getReason();
        }
        String cost = "(trainer stood still %.1f ms)".formatted(outcome.getHookMillis());
        if (outcome.getKind() == InterventionKind.SCALE_LEARNING_RATE) {
            return "learning-rate scale %.3f -> %.3f"
                    .formatted(outcome.getLearningRateScaleBefore(), outcome.getLearningRateScaleAfter());
        }
        long replaced = outcome.getChanges().stream()
                .filter(change -> change.getReplaced())
                .count();
        return count((int) replaced) + " replaced " + cost;
    }

    private static String count(int matrices) {
        return matrices == 1 ? "1 matrix" : matrices + " matrices";
    }
}
