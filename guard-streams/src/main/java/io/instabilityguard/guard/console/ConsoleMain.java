package io.instabilityguard.guard.console;

import io.instabilityguard.guard.GuardMain;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ScopeType;

/** The operator's console, one command per thing that an operator asks or does. Every command has the exit codes written here unless it says others. */
@Command(
        name = "guard",
        description = "Asks and tells the guard through Kafka.",
        scope = ScopeType.INHERIT,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            ConsoleMain.DONE,
            "1:it could not be done: unknown run, no answer from the brokers, file not writable",
            ConsoleMain.BAD_OPTIONS
        },
        mixinStandardHelpOptions = true,
        subcommands = {
            RunsCommand.class,
            RecordCommand.class,
            ReplayCommand.class,
            AnomaliesCommand.class,
            ShadowPolicyCommand.class,
            CommandsCommand.class,
            LeaseCommand.class,
            PolicyCommand.class,
            DeadLettersCommand.class,
            TopicsCommand.class,
            LedgerCommand.class,
            KeysCommand.class,
            AclsCommand.class,
            TokenCommand.class,
            CanaryCommand.class,
            DoctorCommand.class,
            CompletionCommand.class
        })
public final class ConsoleMain {

    static final String DONE = "0:done";
    static final String BAD_OPTIONS = "2:bad options, configuration or policy";

    /** Made by {@link #main}. */
    ConsoleMain() {}

    /** Runs one command. */
    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT);
        System.exit(commandLine().execute(arguments));
    }

    /** The command line, which explains failures in one line. */
    public static CommandLine commandLine() {
        return GuardMain.explaining(new CommandLine(new ConsoleMain()).setCaseInsensitiveEnumValuesAllowed(true));
    }
}
