package io.instabilityguard.evaluation.chaos.violation;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is known of one run from outside.
 *
 * @param run its id
 * @param ranks how many train it together
 * @param seed of its weights and gradients
 * @param logs of every rank of every generation, older generations first
 * @param exits exit status by process id, negative for the signal that ended it; absent while a process runs
 * @param killed processes that a fault killed, or that were ended because a fault had killed another rank
 * @param suspensions while which processes were stopped
 * @param unreliable ranks whose sidecar died, or could not write, in the course of the trial
 * @param agreeEvery commands are applied at multiples of this
 * @param waitBoundMs the longest that the guard may hold a trainer up
 */
public record RunFacts(
        String run,
        int ranks,
        long seed,
        List<RankLog> logs,
        Map<Long, Integer> exits,
        Set<Long> killed,
        List<Suspension> suspensions,
        Set<Integer> unreliable,
        int agreeEvery,
        double waitBoundMs) {
    /** Copies the collections. */
    public RunFacts {
        logs = List.copyOf(logs);
        exits = Map.copyOf(exits);
        killed = Set.copyOf(killed);
        suspensions = List.copyOf(suspensions);
        unreliable = Set.copyOf(unreliable);
    }

    /** A process did nothing from, until, epoch milliseconds. */
    public record Suspension(long pid, double fromMs, double untilMs) {
        double overlap(double beginMs, double endMs) {
            return Math.max(0, Math.min(endMs, untilMs) - Math.max(beginMs, fromMs));
        }
    }

    /** Whether a fault ended this process. */
    boolean wasKilled(RankLog log) {
        RankLog.Start start = log.start();
        return start == null || killed.contains(start.pid());
    }
}
