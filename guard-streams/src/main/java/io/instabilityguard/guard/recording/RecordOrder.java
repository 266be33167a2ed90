package io.instabilityguard.guard.recording;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Brings the records of several topics into the order in which the topology would take them: always that of the topic whose next record is the oldest, those of one
 * topic in their own order. At the same time, what the guard reads comes before what it made of it. Telemetry is many records: it is not held but passes by.
 */
public final class RecordOrder {

    private final List<Source> sources = new ArrayList<>();
    private final Consumer<Recorded> out;

    /** Records of one topic that wait for their turn; {@code made} tells those that the guard wrote. */
    private record Source(Deque<Recorded> waiting, boolean made) {

        long headMs() {
            return waiting.isEmpty() ? Long.MAX_VALUE : waiting.element().timestampMs();
        }

        boolean isDue(long telemetryMs) {
            return !waiting.isEmpty() && (made ? headMs() < telemetryMs : headMs() <= telemetryMs);
        }
    }

    /** An order that hands records on to {@code out}. */
    public RecordOrder(Consumer<Recorded> out) {
        this.out = out;
    }

    /** Adds the records of a topic that the guard reads, or that it made. */
    public void add(Collection<Recorded> topic, boolean made) {
        sources.add(new Source(new ArrayDeque<>(topic), made));
    }

    /** Hands on the next record of telemetry, and before it all whose turn has come. */
    public void pass(Recorded telemetry) {
        drain(telemetry.timestampMs());
        out.accept(telemetry);
    }

    /** Hands on all that is left. */
    public void end() {
        drain(Long.MAX_VALUE);
    }

    private void drain(long telemetryMs) {
        for (Optional<Source> next = next(telemetryMs); next.isPresent(); next = next(telemetryMs)) {
            out.accept(next.get().waiting().remove());
        }
    }

    private Optional<Source> next(long telemetryMs) {
        return sources.stream()
                .filter(source -> source.isDue(telemetryMs))
                .min(Comparator.comparingLong(Source::headMs).thenComparing(Source::made));
    }
}
