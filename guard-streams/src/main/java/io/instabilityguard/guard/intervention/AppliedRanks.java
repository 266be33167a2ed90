package io.instabilityguard.guard.intervention;

import java.util.List;
import java.util.stream.Stream;

/**
 * How many processes train the run, and which of them have said that they applied a command. It is applied when all have: the ranks apply a command together or
 * not at all, so that a part of them means that answers are still under way, or that something went wrong.
 *
 * @param all number of ranks
 * @param ranks those that applied it, ascending
 */
record AppliedRanks(int all, List<Integer> ranks) {

    AppliedRanks {
        ranks = List.copyOf(ranks);
    }

    /** None of so many yet. */
    static AppliedRanks noneOf(int all) {
        return new AppliedRanks(all, List.of());
    }

    /** The same with one more rank, which may have said so before. */
    AppliedRanks and(int rank) {
        return new AppliedRanks(
                all,
                Stream.concat(ranks.stream(), Stream.of(rank))
                        .distinct()
                        .sorted()
                        .toList());
    }

    /** Whether every rank applied it. */
    boolean areAll() {
        return ranks.size() >= all;
    }

    /** What a reason for not having applied it must not leave out; empty when no rank applied it. */
    String note() {
        return ranks.isEmpty() ? "" : " (of " + all + " ranks, these applied it: " + ranks + ")";
    }
}
