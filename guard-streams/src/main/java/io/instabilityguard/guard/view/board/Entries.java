package io.instabilityguard.guard.view.board;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The latest entries of one run by the time at which they were recorded, since topics that are read anew come one after another; at the same time, cause before
 * effect.
 */
final class Entries {

    /** What an entry costs, about, with the texts in it. */
    private static final long BYTES_PER_ENTRY = 1_500;

    private static final List<String> CAUSE_TO_EFFECT =
            List.of("generation", "anomaly", "decision", "command", "outcome");
    private static final Comparator<Entry> IN_ORDER = Comparator.comparingLong(Entry::timestampMs)
            .thenComparingInt(entry -> CAUSE_TO_EFFECT.indexOf(entry.type()))
            .thenComparingLong(Entry::number);

    private final int most;
    private final NavigableSet<Entry> kept = new TreeSet<>(IN_ORDER);
    private long next;

    Entries(int most) {
        this.most = most;
    }

    /** Adds the entry made with the next number; the oldest gives way. */
    void add(LongFunction<Entry> made) {
        kept.add(made.apply(next++));
        if (kept.size() > most) {
            kept.pollFirst();
        }
    }

    /** Entries older than the one of number {@code after} (any, when it is not known), newest first, at most {@code limit}. */
    Page<Entry> page(Predicate<Entry> wanted, long after, int limit) {
        List<Entry> page = new ArrayList<>();
        for (Iterator<Entry> newest = olderThan(after).descendingIterator();
                newest.hasNext() && page.size() <= limit; ) {
            Entry entry = newest.next();
            if (wanted.test(entry)) {
                page.add(entry);
            }
        }
        return page.size() <= limit
                ? new Page<>(page, null)
                : new Page<>(
                        page.subList(0, limit),
                        String.valueOf(page.get(limit - 1).number()));
    }

    private NavigableSet<Entry> olderThan(long number) {
        return kept.stream()
                .filter(entry -> entry.number() == number)
                .findFirst()
                .map(entry -> kept.headSet(entry, false))
                .orElse(kept);
    }

    /** All of them, oldest first. */
    Stream<Entry> stream() {
        return kept.stream();
    }

    long bytes() {
        return kept.size() * BYTES_PER_ENTRY;
    }
}
