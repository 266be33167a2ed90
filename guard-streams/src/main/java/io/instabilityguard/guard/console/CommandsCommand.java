package io.instabilityguard.guard.console;

import io.instabilityguard.guard.operator.OperatorValidation;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.ManualCommand;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.OperatorActionKind;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Topics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** {@code guard commands}: what is proposed and commanded, and what an operator has to say to it. */
@Command(
        name = "commands",
        description = "What is proposed and commanded; approves, refuses, sends and cancels.",
        scope = ScopeType.INHERIT,
        footer = {
            "",
            "What is asked for takes effect at the run's next step; its decision names the operator. Examples:",
            "  guard commands ls --run my-run",
            "  guard commands approve my-run/1700000000000/APPLY_MSIGN/1200 --reason \"seen it before\"",
            "  guard commands snooze cut-learning-rate --run my-run --steps 500",
            "  guard commands send my-run SCALE_LEARNING_RATE -p factor=0.5 -p floor=0.01 -p regrowthPerStep=1",
            "  guard commands cancel my-run/1700000000000/APPLY_MSIGN/1200"
        },
        mixinStandardHelpOptions = true)
final class CommandsCommand extends OperatorCommand {

    @Command(name = "ls", description = "Proposals and commands, oldest first.", mixinStandardHelpOptions = true)
    int ls(
            @Option(names = "--run", paramLabel = "RUN", description = "Of this run only.") @Nullable String run,
            @Option(names = "--open", description = "Only what waits: proposals and unanswered commands.")
                    boolean onlyOpen) {
        Listing listing = output.listing("id", "state", "kind", "step", "untilStep", "approver", "reason");
        CommandHistory.read(cluster).entries().values().stream()
                .filter(entry -> run == null || CommandEntry.runOf(entry.id()).equals(run))
                .filter(entry -> !onlyOpen || isOpen(entry))
                .forEach(entry -> listing.add(
                        entry.id(),
                        entry.state(),
                        entry.kind().name(),
                        entry.step(),
                        entry.untilStep(),
                        entry.approver(),
                        entry.reason()));
        listing.print(out());
        return 0;
    }

    @Command(name = "show", description = "All of one proposal or command.", mixinStandardHelpOptions = true)
    int show(@Parameters(paramLabel = "ID", description = "Its id.") String id) {
        Optional<CommandEntry> known = CommandHistory.read(cluster).entry(id);
        if (known.isEmpty()) {
            return refuse("no proposal and no command is called " + id);
        }
        CommandEntry entry = known.get();
        output.listing("field", "value")
                .add("id", entry.id())
                .add("state", entry.state())
                .add("kind", entry.kind().name())
                .add("layers", String.join(", ", entry.layers()))
                .add("parameters", entry.parameters().toString())
                .add("step", entry.step())
                .add("untilStep", entry.untilStep())
                .add("approver", entry.approver())
                .add("reason", entry.reason())
                .print(out());
        return 0;
    }

    @Command(name = "approve", description = "Has a proposed command sent.", mixinStandardHelpOptions = true)
    int approve(@Parameters(paramLabel = "ID", description = "Id of the proposal.") String id) {
        return answer(OperatorActionKind.APPROVE, id, CommandEntry.PROPOSED);
    }

    @Command(
            name = "deny",
            description = "Drops a proposal, and its intervention for its cooldown.",
            mixinStandardHelpOptions = true)
    int deny(@Parameters(paramLabel = "ID", description = "Id of the proposal.") String id) {
        return answer(OperatorActionKind.DENY, id, CommandEntry.PROPOSED);
    }

    @Command(
            name = "cancel",
            description = "Ends a command that is not applied yet, and its intervention for its cooldown.",
            mixinStandardHelpOptions = true)
    int cancel(@Parameters(paramLabel = "ID", description = "Id of the command.") String id) {
        return answer(OperatorActionKind.CANCEL, id, CommandEntry.SENT);
    }

    @Command(name = "snooze", description = "Suspends an intervention for a while.", mixinStandardHelpOptions = true)
    int snooze(
            @Parameters(paramLabel = "ID|NAME", description = "Id of a proposal, or name of an intervention.")
                    String target,
            @Option(names = "--steps", required = true, paramLabel = "N", description = "For so many steps.")
                    long steps,
            @Option(names = "--run", paramLabel = "RUN", description = "The run, when an intervention is named.")
                    @Nullable
                    String run) {
        Optional<RunState> state = state(run == null ? CommandEntry.runOf(target) : run);
        return state.isEmpty()
                ? refuse("name a known run by --run")
                : ask(action(state.get(), OperatorActionKind.SNOOZE)
                        .setTarget(target)
                        .setSteps(steps));
    }

    @Command(
            name = "send",
            description = "Sends a command of one's own, within the policy's budget and reach.",
            mixinStandardHelpOptions = true)
    int send(
            @Parameters(index = "0", paramLabel = "RUN", description = "Id of the run.") String run,
            @Parameters(index = "1", paramLabel = "KIND", description = "What to do: one of ${COMPLETION-CANDIDATES}.")
                    InterventionKind kind,
            @Option(names = "--layer", paramLabel = "NAME", description = "What to touch; may be repeated.") @Nullable
                    List<String> layers,
            @Option(names = "-p", paramLabel = "NAME=NUMBER", description = "Parameters, as in the policy.") @Nullable
                    Map<String, Double> parameters,
            @Option(
                            names = "--valid-steps",
                            defaultValue = "30",
                            paramLabel = "N",
                            description = "Expires after so many steps (${DEFAULT-VALUE}).")
                    int validSteps,
            @Option(names = "--force", description = "Beyond budget and reach; needs --reason.") boolean force) {
        Optional<RunState> state = state(run);
        if (state.isEmpty()) {
            return refuse("run " + run + " is not known on these brokers");
        }
        ManualCommand command = ManualCommand.newBuilder()
                .setKind(kind)
                .setLayers(layers == null ? List.of() : layers)
                .setParameters(parameters == null ? Map.of() : parameters)
                .setValidSteps(validSteps)
                .setForce(force)
                .build();
        return ask(action(state.get(), OperatorActionKind.SEND).setCommand(command));
    }

    private int answer(OperatorActionKind kind, String id, String expected) {
        CommandHistory history = CommandHistory.read(cluster);
        Optional<CommandEntry> entry = history.entry(id);
        Optional<RunState> state = history.state(CommandEntry.runOf(id));
        if (entry.isEmpty() || state.isEmpty()) {
            return refuse("no proposal and no command is called " + id);
        }
        return entry.get().state().equals(expected)
                ? ask(action(state.get(), kind).setTarget(id))
                : refuse(id + " is " + entry.get().state() + ", not " + expected);
    }

    private int ask(OperatorAction.Builder asked) {
        OperatorAction action = asked.build();
        OperatorValidation.problemOf(action.getRun(), action).ifPresent(problem -> {
            throw new PolicyException(problem);
        });
        new TopicWriter(cluster, signing).write(Topics.OPERATOR, action.getRun(), action);
        output.listing("asked", "run", "operator", "target")
                .add(
                        action.getKind().name().toLowerCase(Locale.ROOT),
                        action.getRun(),
                        action.getOperator(),
                        action.getTarget())
                .print(out());
        return 0;
    }

    private OperatorAction.Builder action(RunState state, OperatorActionKind kind) {
        return OperatorAction.newBuilder()
                .setId(OperatorOptions.newId())
                .setRun(state.getRun())
                .setGeneration(state.getGeneration())
                .setKind(kind)
                .setOperator(operator.name())
                .setReason(operator.reason())
                .setTimestampMs(operator.nowMs());
    }

    private Optional<RunState> state(String run) {
        return Optional.ofNullable(CommandHistory.states(cluster).get(run));
    }

    private static boolean isOpen(CommandEntry entry) {
        return entry.state().equals(CommandEntry.PROPOSED) || entry.state().equals(CommandEntry.SENT);
    }
}
