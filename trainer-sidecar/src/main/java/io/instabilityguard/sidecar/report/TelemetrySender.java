package io.instabilityguard.sidecar.report;

import io.instabilityguard.schemas.StepTelemetry;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Carries telemetry away. Used by the reporter's one thread; may block it for a bounded time, never longer. */
public interface TelemetrySender extends AutoCloseable {
    /**
     * Sends one record, keeping the order of each run.
     *
     * @param done called once, by any thread: with null when the record has been acknowledged, else with what went wrong
     */
    void send(StepTelemetry telemetry, Consumer<@Nullable Exception> done);

    /** Waits a bounded time for what is on its way. */
    @Override
    void close();
}
