package io.instabilityguard.sidecar.command;

/**
 * What a sidecar needs of a run's state.
 *
 * @param lastStep last step that the guard consumed
 * @param commandsIssued commands that it issued by then
 * @param holder who holds the run
 * @param epoch fencing token of the holder
 */
public record RunProgress(String run, long generation, long lastStep, long commandsIssued, String holder, long epoch) {}
