package io.instabilityguard.guard.operator;

import io.instabilityguard.guard.policy.Kind;
import io.instabilityguard.schemas.ManualCommand;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.OperatorActionKind;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What an operator asks for: a valid {@link OperatorAction}.
 *
 * @param id unique
 * @param generation generation of the trainer that it is about
 * @param kind what is asked for
 * @param operator who asks
 * @param reason why
 * @param target proposal, intervention or command; empty for SEND
 * @param steps SNOOZE: for so many
 * @param order SEND: what to command; null otherwise
 * @param timestampMs when it was asked, epoch milliseconds
 */
public record Instruction(
        String id,
        long generation,
        OperatorActionKind kind,
        String operator,
        String reason,
        String target,
        long steps,
        @Nullable Order order,
        long timestampMs) {

    /** The same in the guard's terms. */
    public static Instruction of(OperatorAction action) {
        ManualCommand command = action.getCommand();
        return new Instruction(
                action.getId(),
                action.getGeneration(),
                action.getKind(),
                action.getOperator(),
                action.getReason(),
                action.getTarget(),
                action.getSteps(),
                command == null ? null : Order.of(command),
                action.getTimestampMs());
    }

    /**
     * A command of the operator's own.
     *
     * @param kind what to do
     * @param layers what to touch
     * @param parameters parameters under the names of the policy
     * @param validSteps steps after its first boundary at which it is still valid
     * @param force whether it may exceed the policy's budget and reach
     */
    public record Order(Kind kind, List<String> layers, Map<String, Double> parameters, int validSteps, boolean force) {

        /** Keeps its own copies, sorted, because their order reaches the bytes of commands. */
        public Order {
            layers = List.copyOf(layers);
            parameters = Collections.unmodifiableMap(new TreeMap<>(parameters));
        }

        private static Order of(ManualCommand command) {
            return new Order(
                    Kind.of(command.getKind()).orElseThrow(),
                    command.getLayers(),
                    command.getParameters(),
                    command.getValidSteps(),
                    command.getForce());
        }
    }
}
