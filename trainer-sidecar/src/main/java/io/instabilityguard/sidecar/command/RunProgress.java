package io.instabilityguard.sidecar.command;

/** What lockstep needs of a run's state: the last step that the guard consumed and the commands it issued by then. */
public record RunProgress(String run, long generation, long lastStep, long commandsIssued) {}
