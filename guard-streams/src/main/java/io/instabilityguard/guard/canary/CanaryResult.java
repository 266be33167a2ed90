package io.instabilityguard.guard.canary;

import java.time.Duration;

/**
 * How one canary fared.
 *
 * @param isDetected whether its alarm came in time
 * @param latency from sending the planted step to reading the alarm, or for how long was waited
 * @param reason what went wrong, one line; empty when nothing did
 */
public record CanaryResult(boolean isDetected, Duration latency, String reason) {}
