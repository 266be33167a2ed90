package io.instabilityguard.guard.view.http;

import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.OperatorActionKind;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an operator asks for in the dashboard.
 *
 * @param kind APPROVE, DENY, SNOOZE or CANCEL
 * @param generation the trainer's life that the operator had in view
 * @param target id of the proposal, or of the command for CANCEL
 * @param steps SNOOZE: for how many steps
 * @param reason why, for the record
 */
record ActionRequest(
        @Nullable OperatorActionKind kind,
        long generation,
        @Nullable String target,
        long steps,
        @Nullable String reason) {

    private static final Set<OperatorActionKind> KINDS = EnumSet.of(
            OperatorActionKind.APPROVE,
            OperatorActionKind.DENY,
            OperatorActionKind.SNOOZE,
            OperatorActionKind.CANCEL);
    private static final int LONGEST_TEXT = 1_000;
    private static final long MOST_STEPS = 1_000_000;

    /** What is wrong with it; empty when nothing is. */
    Optional<String> problem() {
        if (kind == null || !KINDS.contains(kind)) {
            return Optional.of("kind must be one of " + KINDS);
        }
        if (target == null || target.isBlank() || target.length() > LONGEST_TEXT) {
            return Optional.of("target must be the id of a proposal or command");
        }
        if (reason != null && reason.length() > LONGEST_TEXT) {
            return Optional.of("reason must have at most " + LONGEST_TEXT + " characters");
        }
        boolean snoozes = kind == OperatorActionKind.SNOOZE;
        return snoozes && (steps < 1 || steps > MOST_STEPS)
                ? Optional.of("steps must be from 1 to " + MOST_STEPS)
                : Optional.empty();
    }

    /** The record; only of a request without a problem. */
    OperatorAction action(String id, String run, String operator, long nowMs) {
        return OperatorAction.newBuilder()
                .setId(id)
                .setRun(run)
                .setGeneration(generation)
                .setKind(kind)
                .setOperator(operator)
                .setReason(reason == null ? "" : reason)
                .setTarget(target)
                .setSteps(kind == OperatorActionKind.SNOOZE ? steps : 0)
                .setTimestampMs(nowMs)
                .build();
    }
}
