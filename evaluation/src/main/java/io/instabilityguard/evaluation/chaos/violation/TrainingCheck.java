package io.instabilityguard.evaluation.chaos.violation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Trainers are held up no longer than their bound, and end only at their end or by a fault's hand. */
final class TrainingCheck {
    /** Of a machine on which more processes want to run than can: not the guard's doing. */
    private static final double SCHEDULING_MS = 400;

    private TrainingCheck() {}

    /** The longest call of {@code guard.step}, without the time in which the process itself was stopped, milliseconds. */
    static double longestWaitMs(RunFacts facts) {
        return facts.logs().stream()
                .flatMap(log -> log.steps().stream().map(step -> waitMs(facts, log, step)))
                .mapToDouble(Double::doubleValue)
                .max()
                .orElse(0);
    }

    static List<Violation> of(RunFacts facts) {
        List<Violation> found = new ArrayList<>();
        for (RankLog log : facts.logs()) {
            for (RankLog.Step step : log.steps()) {
                double waited = waitMs(facts, log, step);
                if (waited > facts.waitBoundMs() + SCHEDULING_MS) {
                    found.add(new Violation(
                            Invariant.BOUNDED_WAIT,
                            facts.run(),
                            String.format(
                                    Locale.ROOT,
                                    "%s was held up for %.0f ms at step %d; the bound is %.0f ms",
                                    log.name(),
                                    waited,
                                    step.step(),
                                    facts.waitBoundMs())));
                }
            }
            if (!facts.wasKilled(log) && (log.end() == null || exit(facts, log) != 0)) {
                found.add(new Violation(
                        Invariant.TRAINING_GOES_ON,
                        facts.run(),
                        log.name() + " ended after step " + log.lastStep() + " with exit status " + exit(facts, log)));
            }
        }
        return found;
    }

    private static int exit(RunFacts facts, RankLog log) {
        RankLog.Start start = log.start();
        return start == null ? -1 : facts.exits().getOrDefault(start.pid(), -1);
    }

    private static double waitMs(RunFacts facts, RankLog log, RankLog.Step step) {
        RankLog.Start start = log.start();
        double stopped = facts.suspensions().stream()
                .filter(each -> start != null && each.pid() == start.pid())
                .mapToDouble(each -> each.overlap(step.beginMs(), step.endMs()))
                .sum();
        return step.endMs() - step.beginMs() - stopped;
    }
}
