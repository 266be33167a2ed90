package io.instabilityguard.evaluation.failover;

import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.evaluation.history.RunObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Kills the active guard (SIGKILL) while many runs live, and reads from the topics what became of their commands. */
public final class FailoverTrial {
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(100);

    private FailoverTrial() {}

    /**
     * What was found.
     *
     * @param firstCommandMillis from the kill to the first command, committed and read, that answers telemetry sent after it; NaN when there was none
     * @param lost runs without the command that answers their spike
     * @param doubled commands beyond the first of each run
     * @param brokenLinks decisions that do not follow on the one before
     * @param unacknowledged telemetry that the broker did not take
     */
    public record Result(double firstCommandMillis, long lost, long doubled, long brokenLinks, long unacknowledged) {}

    /** Runs the plan on a broker of its own in this folder. */
    public static Result run(FailoverPlan plan, Path folder) {
        FailoverAudit audit = new FailoverAudit(plan);
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"), EmbeddedBroker.ANY_PORT);
                TwoGuards guards = new TwoGuards(broker.bootstrapServers(), folder);
                RunObserver observer = RunObserver.start(broker.bootstrapServers());
                LiveRuns runs = new LiveRuns(broker.bootstrapServers(), plan).start()) {
            observer.add(audit);
            runs.awaitStep(plan.killStep());
            long killedNanos = guards.killActive();
            long unacknowledged = runs.awaitEnd();
            awaitAnswers(audit);
            observer.drain(LAST_ANSWERS);
            long first = audit.firstAfter(plan.killStep() + 1);
            double millis = first == Long.MAX_VALUE ? Double.NaN : (first - killedNanos) / 1e6;
            return new Result(millis, audit.lost(), audit.doubled(), audit.brokenLinks(), unacknowledged);
        }
    }

    private static void awaitAnswers(FailoverAudit audit) {
        long deadline = System.nanoTime() + LAST_ANSWERS.toNanos();
        while (audit.lost() > 0 && System.nanoTime() < deadline) {
            LockSupport.parkNanos(POLL.toNanos());
        }
    }
}
