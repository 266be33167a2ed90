package io.instabilityguard.guard.view.http;

import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.OperatorActionKind;
import org.jspecify.annotations.Nullable;

/**
 * What an operator asks for in the dashboard; a command of their own can only be sent from the console.
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

    /** The record of it; whether it means something is for {@link io.instabilityguard.guard.operator.OperatorValidation} to say. */
    OperatorAction action(String id, String run, String operator, long nowMs) {
        return OperatorAction.newBuilder()
                .setId(id)
                .setRun(run)
                .setGeneration(generation)
                .setKind(kind == null ? OperatorActionKind.UNKNOWN : kind)
                .setOperator(operator)
                .setReason(reason == null ? "" : reason)
                .setTarget(target == null ? "" : target)
                .setSteps(steps)
                .setTimestampMs(nowMs)
                .build();
    }
}
