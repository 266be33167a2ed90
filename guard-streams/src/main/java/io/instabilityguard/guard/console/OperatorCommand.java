package io.instabilityguard.guard.console;

import java.io.PrintWriter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What the commands share in which an operator acts: where, who, and how it is shown. */
abstract class OperatorCommand {

    private static final int REFUSED = 1;

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Mixin
    OutputOptions output = new OutputOptions();

    @Mixin
    OperatorOptions operator = new OperatorOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    /** Says in one line why it could not be done; the exit status. */
    final int refuse(String reason) {
        spec.commandLine().getErr().println("guard: " + reason);
        return REFUSED;
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
