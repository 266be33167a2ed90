package io.instabilityguard.sidecar.report;

import io.instabilityguard.schemas.StepTelemetry;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;

/**
 * What the sidecar counts. Alert on {@link #telemetryDropped} and {@link #outcomesWaiting}: the first says that the guard
 * sees less than the trainer told, the second that the guard does not learn what its commands did.
 *
 * <p>Every record is counted once as reported, then once as sent or once as dropped. Called by many threads.
 */
public interface SidecarMetrics {
    /** Counts nothing. */
    SidecarMetrics NOOP = new SidecarMetrics() {};

    /** A session began. */
    default void sessionOpened() {}

    /** A session ended, for whatever reason. */
    default void sessionClosed() {}

    /** A connection was refused: it broke the protocol or another took its place. */
    default void sessionRefused() {}

    /** A telemetry record was offered to the queue. */
    default void telemetryReported(StepTelemetry telemetry) {}

    /** A telemetry record was acknowledged by the broker. */
    default void telemetrySent() {}

    /** A telemetry record was lost: the queue was full or the broker did not take it in time. */
    default void telemetryDropped() {}

    /** A sample of the weights was measured; it took this long. */
    default void sampleMeasured(double millis) {}

    /** Parts of a sample were not believed: they did not fit HELLO, or were not finite; so many, 0 or more. */
    default void measurementsRefused(int count) {}

    /** A record was too large: the eigenvalues of its profiles, or also its omissions, were left out. */
    default void telemetryTrimmed() {}

    /** So many bytes of weights, with which a command could have been rolled back, were dropped to make room. */
    default void shadowDropped(long bytes) {}

    /** A sample or a command could not be computed. */
    default void numericsFailed() {}

    /** A command was received for a run that is attached here, so long after the record of its step; NaN when that is not remembered. */
    default void commandReceived(double sinceStepMillis) {}

    /** A record on a command topic could not be read. */
    default void commandUnreadable() {}

    /** An outcome was acknowledged by the broker; so many still wait. */
    default void outcomesWaiting(int waiting) {}

    /** A producer was opened; it has meters of its own. */
    default void producing(Producer<?, ?> producer) {}

    /** A consumer was opened; it has meters of its own. */
    default void consuming(Consumer<?, ?> consumer) {}
}
