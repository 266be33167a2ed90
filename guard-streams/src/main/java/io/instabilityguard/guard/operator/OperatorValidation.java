package io.instabilityguard.guard.operator;

import io.instabilityguard.guard.policy.Kind;
import io.instabilityguard.guard.telemetry.TelemetryValidation;
import io.instabilityguard.schemas.ManualCommand;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.OperatorActionKind;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tells actions that mean something from others. The answer is the first thing found wrong, in one line. */
public final class OperatorValidation {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._@-]{1,100}");
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,60}");
    private static final int LONGEST_TEXT = 1_000;
    private static final long MOST_STEPS = 1_000_000;

    private OperatorValidation() {}

    /** What is wrong with an action under this key; empty when nothing is. */
    public static Optional<String> problemOf(@Nullable String key, OperatorAction action) {
        boolean sends = action.getKind() == OperatorActionKind.SEND;
        boolean snoozes = action.getKind() == OperatorActionKind.SNOOZE;
        return TelemetryValidation.problemOfRun(key, action.getRun())
                .or(() -> firstOf(
                        unless(ID.matcher(action.getId()).matches(), "id is not 1 to 60 characters of [A-Za-z0-9._-]"),
                        unless(
                                NAME.matcher(action.getOperator()).matches(),
                                "operator is not 1 to 100 characters of [A-Za-z0-9._@-]"),
                        unless(action.getKind() != OperatorActionKind.UNKNOWN, "unknown kind of action"),
                        unless(action.getReason().length() <= LONGEST_TEXT, "reason is longer than " + LONGEST_TEXT),
                        unless(sends || !action.getTarget().isEmpty(), action.getKind() + " without a target"),
                        unless(action.getTarget().length() <= LONGEST_TEXT, "target is longer than " + LONGEST_TEXT),
                        unless(
                                !snoozes || action.getSteps() >= 1 && action.getSteps() <= MOST_STEPS,
                                "steps=" + action.getSteps() + " is not from 1 to " + MOST_STEPS),
                        unless(
                                sends == (action.getCommand() != null),
                                "a command belongs to SEND, and to nothing else"),
                        action.getCommand() == null
                                ? Optional.empty()
                                : problemOf(action.getCommand(), action.getReason())));
    }

    private static Optional<String> problemOf(ManualCommand command, String reason) {
        Optional<Kind> kind = Kind.of(command.getKind());
        return kind.isEmpty()
                ? Optional.of("operators cannot send " + command.getKind())
                : firstOf(
                        unless(
                                command.getValidSteps() >= 0 && command.getValidSteps() <= MOST_STEPS,
                                "validSteps=" + command.getValidSteps() + " is not from 0 to " + MOST_STEPS),
                        unless(!command.getForce() || !reason.isBlank(), "force without a reason"),
                        kind.get().problemOf(command.getLayers()),
                        kind.get().problemOf(command.getParameters()));
    }

    private static Optional<String> unless(boolean good, String problem) {
        return good ? Optional.empty() : Optional.of(problem);
    }

    @SafeVarargs
    private static Optional<String> firstOf(Optional<String>... problems) {
        return Stream.of(problems).flatMap(Optional::stream).findFirst();
    }
}
