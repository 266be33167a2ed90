package io.instabilityguard.sidecar.report;

import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.sidecar.errors.DistinctErrors;
import io.instabilityguard.sidecar.frame.Hello;
import java.util.ArrayList;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ships telemetry without ever holding the trainer up: a bounded queue, one sending thread. What does not fit or does not
 * arrive is dropped and counted in the next record of its session.
 */
public final class TelemetryReporter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TelemetryReporter.class);
    private static final long POLL_MILLIS = 100;
    private static final long CLOSE_MILLIS = 2_000;

    private final RecordSender<StepTelemetry> sender;
    private final SidecarMetrics metrics;
    private final SidecarClock clock;
    private final RecordBound bound;
    private final BlockingQueue<Queued> queue;
    private final DistinctErrors errors = new DistinctErrors(LOG);
    private final Thread thread = new Thread(this::sendAll, "sidecar-telemetry");
    private volatile boolean closing;

    /** A reporter that holds at most {@code queuedRecords} of at most {@code recordBytes} each; closes the sender with itself. */
    public TelemetryReporter(
            RecordSender<StepTelemetry> sender,
            int queuedRecords,
            int recordBytes,
            SidecarMetrics metrics,
            SidecarClock clock) {
        this.sender = sender;
        this.metrics = metrics;
        this.clock = clock;
        this.bound = new RecordBound(recordBytes, metrics);
        this.queue = new ArrayBlockingQueue<>(queuedRecords);
        thread.setDaemon(true);
    }

    /** Starts to send. */
    public void start() {
        thread.start();
    }

    /** The telemetry of one session. */
    public RunTelemetry open(Hello hello) {
        return new RunTelemetry(hello, this, clock, bound);
    }

    boolean offer(RunTelemetry source, StepTelemetry telemetry) {
        metrics.telemetryReported(telemetry);
        boolean fits = !closing && queue.offer(new Queued(source, telemetry));
        if (!fits) {
            metrics.telemetryDropped();
            errors.warn("telemetry dropped: its queue is full");
        }
        return fits;
    }

    /** Sends what is queued for a bounded time, then drops the rest. */
    @Override
    public void close() {
        closing = true;
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        queue.drainTo(new ArrayList<>()); // a thread that is stuck in the sender finds nothing more to do
        sender.close();
    }

    private void sendAll() {
        try {
            for (Queued next = next(); next != null || !closing; next = next()) {
                if (next != null) {
                    send(next);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable Queued next() throws InterruptedException {
        return queue.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void send(Queued queued) {
        queued.source.handedOver(queued.telemetry);
        try {
            StepTelemetry telemetry = queued.telemetry;
            sender.send(telemetry.getRun(), telemetry, StepTrace.of(telemetry), failure -> done(queued, failure));
        } catch (RuntimeException e) {
            done(queued, e);
        }
    }

    private void done(Queued queued, @Nullable Exception failure) {
        if (failure == null) {
            metrics.telemetrySent();
            return;
        }
        queued.source.lost(queued.telemetry);
        metrics.telemetryDropped();
        errors.warn("telemetry dropped", failure);
    }

    private record Queued(RunTelemetry source, StepTelemetry telemetry) {}
}
