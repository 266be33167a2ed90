package io.instabilityguard.guard.intervention;

/**
 * How one intervention stands.
 *
 * @param rung name in the policy
 * @param spent commands of it in the last 1,000 steps
 * @param mostPer1000Steps how many there may be
 * @param pausedUntilStep last step at which it still waits after an earlier command; -1 when it does not wait
 * @param isUnanswered whether its last command is not answered yet
 * @param suspendedUntilStep last step for which an operator has suspended it; -1 for none
 */
public record RungReport(
        String rung,
        long spent,
        int mostPer1000Steps,
        long pausedUntilStep,
        boolean isUnanswered,
        long suspendedUntilStep) {}
