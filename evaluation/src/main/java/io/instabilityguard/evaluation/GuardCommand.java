package io.instabilityguard.evaluation;

import io.instabilityguard.evaluation.bench.BenchCommand;
import io.instabilityguard.evaluation.campaign.EvaluateCommand;
import io.instabilityguard.evaluation.chaos.ChaosCommand;
import io.instabilityguard.evaluation.demo.DemoCommand;
import io.instabilityguard.evaluation.evidence.EvidenceReport;
import io.instabilityguard.evaluation.fuzz.FuzzCommand;
import io.instabilityguard.evaluation.incident.IncidentCommand;
import io.instabilityguard.evaluation.preflight.PreflightCommand;
import java.io.PrintWriter;
import java.util.Locale;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The commands that {@code ./guard} runs in this module. Mistakes are answered by one line and an exit code. */
@Command(
        name = "guard",
        description = "Sees the collapse of a training run coming and carries out the cure.",
        scope = ScopeType.INHERIT,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {GuardCommand.DONE, GuardCommand.USAGE, GuardCommand.ENVIRONMENT, GuardCommand.CRASHED},
        subcommands = {
            UpCommand.class,
            PreflightCommand.class,
            DemoCommand.class,
            BenchCommand.class,
            ChaosCommand.class,
            FuzzCommand.class,
            IncidentCommand.class
        })
public final class GuardCommand implements Runnable {
    /** Exit codes of every command, in words. */
    public static final String DONE = "0:done";

    /** Wrong usage. */
    public static final String USAGE = "2:bad options, configuration or policy";

    /** The machine is not ready. */
    public static final String ENVIRONMENT = "3:something is missing on this machine, or not writable";

    /** A fault of ours. */
    public static final String CRASHED = "70:unexpected failure";

    private static final int CRASH = 70;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    /** Numbers look the same everywhere, whatever the machine's language. */
    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT);
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new GuardCommand())
                .addSubcommand(new EvaluateCommand(new EvidenceReport()))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(GuardCommand::onWrongOption)
                .setExecutionExceptionHandler(GuardCommand::onFailure);
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "a command is missing: up, preflight, demo, evaluate, bench, chaos, fuzz or report");
    }

    private static int onWrongOption(ParameterException problem, String[] arguments) {
        CommandLine command = problem.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        say(
                command,
                String.valueOf(problem.getMessage()).lines().findFirst().orElse("wrong options") + " (see " + name
                        + " --help)");
        return UserError.USAGE;
    }

    private static int onFailure(Exception problem, CommandLine command, ParseResult parsed) {
        if (problem instanceof UserError error) {
            say(command, String.valueOf(error.getMessage()));
            return error.exitCode();
        }
        say(command, "unexpected failure: " + problem + " (run again with GUARD_JAVA_OPTIONS=-Dguard.log.level=DEBUG)");
        LoggerFactory.getLogger(GuardCommand.class).debug("unexpected failure", problem);
        return CRASH;
    }

    private static void say(CommandLine command, String message) {
        PrintWriter errors = command.getErr();
        errors.println("guard: " + message);
        errors.flush();
    }
}
