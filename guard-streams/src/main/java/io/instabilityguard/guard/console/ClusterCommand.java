package io.instabilityguard.guard.console;

import java.io.PrintWriter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What the commands share that ask a cluster: where it is, how the answer is shown, and how they say no. */
abstract class ClusterCommand {

    private static final int REFUSED = 1;

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Mixin
    OutputOptions output = new OutputOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** Says what was done or found, in words. */
    final void say(String text) {
        if (output.isJson()) {
            output.listing("said").add(text).print(out());
        } else {
            out().println(text);
            out().flush();
        }
    }

    /** Says in one line why it could not be done; the exit status. */
    final int refuse(String reason) {
        err().println("guard: " + reason);
        err().flush();
        return REFUSED;
    }
}
