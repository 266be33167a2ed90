package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.sidecar.errors.DistinctErrors;
import io.instabilityguard.sidecar.report.RecordSender;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes outcomes one after the other, each again until the broker has acknowledged it. At least once: what does not fit
 * into the queue, or is still waiting at the end, stays in the journal and is published after the next start.
 */
public final class OutcomeReporter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OutcomeReporter.class);
    private static final long POLL_MILLIS = 100;
    private static final long ACKNOWLEDGEMENT_SECONDS = 30;
    private static final long RETRY_MILLIS = 500;
    private static final long CLOSE_MILLIS = 2_000;

    private final RecordSender<InterventionOutcome> sender;
    private final CommandLog log;
    private final SidecarMetrics metrics;
    private final BlockingQueue<JournalEntry> queue;
    private final DistinctErrors errors = new DistinctErrors(LOG);
    private final Thread thread = new Thread(this::publishAll, "sidecar-outcomes");
    private volatile boolean closing;

    /** A reporter that holds at most {@code queuedOutcomes}; closes the sender with itself. */
    public OutcomeReporter(
            RecordSender<InterventionOutcome> sender, CommandLog log, int queuedOutcomes, SidecarMetrics metrics) {
        this.sender = sender;
        this.log = log;
        this.metrics = metrics;
        this.queue = new ArrayBlockingQueue<>(queuedOutcomes);
        thread.setDaemon(true);
    }

    /** Starts to publish, beginning with what an earlier process left in the journal. */
    public void start() {
        log.unpublished().forEach(this::publish);
        thread.start();
    }

    /** Queues an entry that has an outcome. Never blocks. */
    void publish(JournalEntry entry) {
        if (!queue.offer(entry)) {
            errors.warn("outcomes wait in the journal for the next start: their queue is full");
        }
        metrics.outcomesWaiting(queue.size());
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join(CLOSE_MILLIS);
            thread.interrupt();
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        sender.close();
    }

    private void publishAll() {
        try {
            for (JournalEntry next = next(); next != null || !closing; next = next()) {
                if (next != null) {
                    publishUntilAcknowledged(next);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable JournalEntry next() throws InterruptedException {
        return queue.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void publishUntilAcknowledged(JournalEntry entry) throws InterruptedException {
        String outcome = entry.outcome();
        while (outcome != null && !isAcknowledged(Outcomes.decode(outcome), entry.command())) {
            Thread.sleep(RETRY_MILLIS);
        }
        if (entry.state() == JournalEntry.State.FINAL) {
            log.settle(entry.published());
        }
        metrics.outcomesWaiting(queue.size());
    }

    private boolean isAcknowledged(InterventionOutcome outcome, ReceivedCommand command) throws InterruptedException {
        CompletableFuture<@Nullable Exception> done = new CompletableFuture<>();
        try {
            sender.send(outcome.getRun(), outcome, trace(outcome, command), done::complete);
            Exception failure = done.get(ACKNOWLEDGEMENT_SECONDS, TimeUnit.SECONDS);
            if (failure != null) {
                errors.warn("an outcome has to wait", failure);
            }
            return failure == null;
        } catch (ExecutionException | TimeoutException | RuntimeException e) {
            errors.warn("an outcome has to wait", e);
            return false;
        }
    }

    /** That of the step that led to the command: it needs no memory of the command's own record and so survives a restart. */
    private static String trace(InterventionOutcome outcome, ReceivedCommand command) {
        return StepTrace.of(command.run(), command.generation(), command.decidedAtStep(), outcome.getProcessRank());
    }
}
