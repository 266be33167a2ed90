package io.instabilityguard.sidecar.command;

import java.util.OptionalLong;

/**
 * Lockstep: up to which step the guard has consumed everything, with all its commands received here. Pure; not thread-safe.
 * The states of a run and its commands come from two topics, so a state may be ahead of the commands that it counts.
 */
public final class LockstepProgress {
    private long consumedStep = -1;
    private long commandsIssued;
    private long toldStep = -1;

    /** The guard has consumed {@code lastStep} and issued so many commands in this generation. */
    public void consumed(long lastStep, long issued) {
        if (lastStep >= consumedStep) {
            consumedStep = lastStep;
            commandsIssued = issued;
        }
    }

    /** The step to tell the hook, when it is news and so many commands have been received. */
    public OptionalLong news(long commandsReceived) {
        if (consumedStep <= toldStep || commandsReceived < commandsIssued) {
            return OptionalLong.empty();
        }
        toldStep = consumedStep;
        return OptionalLong.of(toldStep);
    }
}
