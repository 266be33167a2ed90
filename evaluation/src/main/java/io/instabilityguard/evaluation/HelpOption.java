package io.instabilityguard.evaluation;

import picocli.CommandLine.Option;

/** The option every command has. */
public final class HelpOption {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this text.")
    private boolean isAsked;

    /** Whether the user asks for help instead of work. */
    public boolean isAsked() {
        return isAsked;
    }
}
