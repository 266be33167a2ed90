package io.instabilityguard.sidecar.report;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Carries records away, in the order of each run. Used by one thread; may block it for a bounded time, never longer. */
public interface RecordSender<V> extends AutoCloseable {
    /**
     * Sends one record.
     *
     * @param trace the trace that it belongs to, as {@link io.instabilityguard.schemas.StepTrace} writes it
     * @param done called once, by any thread: with null when the record has been acknowledged, else with what went wrong
     */
    void send(String run, V record, String trace, Consumer<@Nullable Exception> done);

    /** Waits a bounded time for what is on its way. */
    @Override
    void close();
}
