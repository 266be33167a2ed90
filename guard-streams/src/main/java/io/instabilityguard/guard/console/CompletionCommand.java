package io.instabilityguard.guard.console;

import io.instabilityguard.guard.GuardMain;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code guard completion}: has the shell complete what is typed after {@code guard}. Of the commands that are not the console's it knows the names. */
@Command(
        name = "completion",
        description = "Prints a script that has bash or zsh complete commands and options.",
        footer = {"", "Example, for this shell or its start-up file:", "  source <(guard completion)"},
        mixinStandardHelpOptions = true)
final class CompletionCommand implements Callable<Integer> {
    /** The launcher's commands that run in other modules. */
    static final List<String> ELSEWHERE = List.of(
            "up", "preflight", "demo", "evaluate", "bench", "chaos", "report", "sidecar", "fuzz", "test", "help");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() {
        CommandLine everything = ConsoleMain.commandLine();
        everything.addSubcommand("streams", GuardMain.commandLine());
        ELSEWHERE.forEach(name -> everything.addSubcommand(name, CommandSpec.create()));
        PrintWriter out = spec.commandLine().getOut();
        out.print(AutoComplete.bash("guard", everything));
        out.flush();
        return 0;
    }
}
