package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.anomaly.Trace;
import io.instabilityguard.guard.intervention.IssuedCommand.Before;
import io.instabilityguard.guard.policy.InterventionPolicy.Expectation;
import io.instabilityguard.guard.policy.InterventionPolicy.VerdictPolicy;
import io.instabilityguard.schemas.Verdict;

/**
 * What a command did. HARMFUL: the recent loss rose by more than the policy tolerates, or is not finite. EFFECTIVE: the detector has not fired in the second
 * half of the time until the verdict, and what the command was expected to move has moved as expected, beyond its own noise. NEUTRAL: anything else, so also a
 * command that changed nothing.
 *
 * @param verdict the verdict; UNKNOWN while what was expected to move has not been measured since and may yet be
 * @param reason one sentence
 */
record Judgement(Verdict verdict, String reason) {

    /** An expected measurement is waited for so many times as long as the verdict itself. */
    private static final int PATIENCE = 10;

    /** Judges an applied command whose time has come. */
    static Judgement of(RunMemory memory, IssuedCommand command, VerdictPolicy policy, StepInspected event) {
        double recentLoss = event.recentLoss();
        String loss = "recent loss %.4g before and %.4g now".formatted(command.recentLossBefore(), recentLoss);
        boolean tolerable = recentLoss <= command.recentLossBefore() + policy.harmfulLossRise();
        if (!tolerable && !Double.isNaN(command.recentLossBefore())) {
            return new Judgement(Verdict.HARMFUL, "the loss rose after step " + command.stateStep() + ", " + loss);
        }
        if (isStillFiring(memory, command, policy)) {
            return new Judgement(
                    Verdict.NEUTRAL,
                    command.detector() + " still fires after step " + command.stateStep() + ", " + loss);
        }
        String quiet = command.detector() + " went quiet after step " + command.stateStep() + ", " + loss;
        Expectation expects = policy.expects();
        Trace trace = event.traces().get(command.rung());
        return expects == null || trace == null
                ? new Judgement(Verdict.EFFECTIVE, quiet)
                : byMovement(command, expects, trace, isPatient(command, policy, event), quiet);
    }

    boolean isPending() {
        return verdict == Verdict.UNKNOWN;
    }

    private static boolean isStillFiring(RunMemory memory, IssuedCommand command, VerdictPolicy policy) {
        long secondHalf = command.stateStep() + policy.afterSteps() / 2;
        return memory.openOf(command.detector())
                .filter(anomaly -> anomaly.lastFiringStep() > secondHalf)
                .isPresent();
    }

    private static boolean isPatient(IssuedCommand command, VerdictPolicy policy, StepInspected event) {
        return event.telemetry().getStep() < command.stateStep() + (long) PATIENCE * policy.afterSteps();
    }

    private static Judgement byMovement(
            IssuedCommand command, Expectation expects, Trace trace, boolean mayWait, String quiet) {
        String metric = expects.quantity().label();
        Before before = command.before();
        double now = trace.meanAfter(command.stateStep());
        if (before == null) {
            return new Judgement(Verdict.NEUTRAL, quiet + ", but " + metric + " was not known before");
        }
        if (Double.isNaN(now)) {
            return mayWait
                    ? new Judgement(Verdict.UNKNOWN, "")
                    : new Judgement(Verdict.NEUTRAL, quiet + ", but " + metric + " has not been measured since");
        }
        boolean moved = hasMoved(expects, before, now);
        String movement =
                "%s %.4g (+-%.2g) before and %.4g now".formatted(metric, before.mean(), before.deviation(), now);
        return new Judgement(
                moved ? Verdict.EFFECTIVE : Verdict.NEUTRAL,
                quiet
                        + (moved
                                ? ", "
                                : ", but it should have been seen that " + metric + " " + expects.direction() + ": ")
                        + movement);
    }

    private static boolean hasMoved(Expectation expects, Before before, double now) {
        double noise = Math.max(before.deviation(), expects.leastChange() * Math.abs(before.mean()));
        double rise = now - before.mean();
        return switch (expects.direction()) {
            case FALLS -> rise < -noise;
            case RISES -> rise > noise;
            case HOLDS -> Math.abs(rise) <= noise;
            case UNKNOWN -> false;
        };
    }
}
