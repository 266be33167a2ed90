package io.instabilityguard.evaluation.process;

import io.instabilityguard.evaluation.UserError;
import java.io.IOException;
import java.util.List;

/** What is done to a process from outside, by its id. Without effect on one that has ended. */
public final class Signals {
    private Signals() {}

    /**
     * Sends a signal.
     *
     * @param signal its name without SIG
     * @throws UserError when this machine has no {@code kill}
     */
    public static void send(String signal, long pid) {
        run(List.of("kill", "-" + signal, Long.toString(pid)));
    }

    /** Runs a small tool and waits for it; that it fails because the process has ended is nobody's concern. */
    static void run(List<String> command) {
        try {
            new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw UserError.environment("cannot run " + command.get(0) + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
