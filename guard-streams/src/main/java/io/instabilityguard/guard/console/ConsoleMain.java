package io.instabilityguard.guard.console;

import io.instabilityguard.guard.GuardMain;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The operator's console, one command per thing that an operator asks or does. Exit status: 0 done, 1 could not be done, 2 bad options. */
@Command(
        name = "guard",
        description = "Asks and tells the guard through Kafka.",
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
