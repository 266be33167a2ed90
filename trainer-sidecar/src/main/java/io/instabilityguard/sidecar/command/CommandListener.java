package io.instabilityguard.sidecar.command;

/** Hears what the guard says. Called by the source's one thread. */
public interface CommandListener {
    /** A command, possibly read before. */
    void onCommand(ReceivedCommand command);

    /** A record among the commands that is not believed. */
    void onRefused(RefusedCommand refused);

    /** A run's state, possibly an old one. */
    void onProgress(RunProgress progress);
}
