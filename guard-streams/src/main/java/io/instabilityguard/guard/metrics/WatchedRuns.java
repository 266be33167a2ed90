package io.instabilityguard.guard.metrics;

import io.instabilityguard.schemas.Health;
import io.instabilityguard.schemas.RunState;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where all runs stand and for how long nobody knew, as their states tell. No trainer says goodbye: a run whose state is older than an hour has ended and is not counted.
 * For one thread that fills it and any number that look.
 */
final class WatchedRuns {

    /** So long after its last state a run counts. */
    static final Duration ENDED_AFTER = Duration.ofHours(1);

    private final Map<String, Watched> runs = new HashMap<>();
    private double unknownSeconds;
    private double watchedSeconds;

    /** A run's last state, and since when its time has not been added up. */
    private record Watched(RunState state, long sinceMs) {

        boolean isPresent(long nowMs) {
            return nowMs - state.getTimestampMs() < ENDED_AFTER.toMillis();
        }

        double seconds(long nowMs) {
            long endMs = Math.min(nowMs, state.getTimestampMs() + ENDED_AFTER.toMillis());
            return Math.max(0, endMs - sinceMs) / 1_000.0;
        }
    }

    /** Takes a run's new state; null when it was withdrawn. */
    synchronized void take(String run, @Nullable RunState state, long nowMs) {
        Watched before = state == null ? runs.remove(run) : runs.put(run, new Watched(state, nowMs));
        if (before != null) {
            watchedSeconds += before.seconds(nowMs);
            unknownSeconds += isUnknown(before) ? before.seconds(nowMs) : 0;
        }
    }

    /** How many runs are so. */
    synchronized long count(Health health, long nowMs) {
        return present(nowMs).stream()
                .filter(state -> state.getHealth() == health)
                .count();
    }

    /** Commands that wait for an operator. */
    synchronized long approvals(long nowMs) {
        return present(nowMs).stream()
                .mapToLong(state -> state.getProposals().size())
                .sum();
    }

    /** Seconds for which runs were UNKNOWN, of all runs together; never falls. */
    synchronized double unknownSeconds(long nowMs) {
        return unknownSeconds
                + runs.values().stream()
                        .filter(WatchedRuns::isUnknown)
                        .mapToDouble(run -> run.seconds(nowMs))
                        .sum();
    }

    /** Seconds for which runs were there, of all runs together; never falls. */
    synchronized double watchedSeconds(long nowMs) {
        return watchedSeconds
                + runs.values().stream().mapToDouble(run -> run.seconds(nowMs)).sum();
    }

    /** The states of those that were heard of last, at most so many. */
    synchronized List<RunState> latest(int most, long nowMs) {
        return present(nowMs).stream()
                .sorted(Comparator.comparingLong(RunState::getTimestampMs).reversed())
                .limit(most)
                .toList();
    }

    private Collection<RunState> present(long nowMs) {
        return runs.values().stream()
                .filter(run -> run.isPresent(nowMs))
                .map(Watched::state)
                .toList();
    }

    private static boolean isUnknown(Watched run) {
        return run.state().getHealth() == Health.UNKNOWN;
    }
}
