package io.instabilityguard.guard.view.board;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The latest entries of one run, numbered in the order in which they came. */
final class Entries {

    /** What an entry costs, about, with the texts in it. */
    private static final long BYTES_PER_ENTRY = 1_500;

    private final int most;
    private final Deque<Entry> kept = new ArrayDeque<>();
    private long next;

    Entries(int most) {
        this.most = most;
    }

    /** Adds the entry made with the next number; the oldest gives way. */
    void add(LongFunction<Entry> made) {
        kept.addLast(made.apply(next++));
        if (kept.size() > most) {
            kept.removeFirst();
        }
    }

    /** Entries before number {@code before}, newest first, at most {@code limit}. */
    Page<Entry> page(Predicate<Entry> wanted, long before, int limit) {
        List<Entry> page = new ArrayList<>();
        for (Iterator<Entry> newest = kept.descendingIterator(); newest.hasNext() && page.size() <= limit; ) {
            Entry entry = newest.next();
            if (entry.number() < before && wanted.test(entry)) {
                page.add(entry);
            }
        }
        return page.size() <= limit
                ? new Page<>(page, null)
                : new Page<>(
                        page.subList(0, limit),
                        String.valueOf(page.get(limit - 1).number()));
    }

    /** All of them, oldest first. */
    Stream<Entry> stream() {
        return kept.stream();
    }

    long bytes() {
        return kept.size() * BYTES_PER_ENTRY;
    }
}
