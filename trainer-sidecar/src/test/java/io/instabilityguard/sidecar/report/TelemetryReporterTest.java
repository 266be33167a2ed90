package io.instabilityguard.sidecar.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.sidecar.Fakes;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.sample.StepSample;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TelemetryReporterTest {
    private final Fakes.Sender<StepTelemetry> sender = new Fakes.Sender<>();

    @Test
    void shouldDropWhatDoesNotFitAndSayHowMuch() throws Exception {
        Stuck stuck = new Stuck();
        try (TelemetryReporter reporter =
                new TelemetryReporter(stuck, 2, 1 << 20, SidecarMetrics.NOOP, Fakes.clock())) {
            reporter.start();
            RunTelemetry run = reporter.open(Messages.hello("run-1", 5).build());
            report(run, 0);
            stuck.reached.await();
            for (int step = 1; step <= 5; step++) {
                report(run, step);
            }
            stuck.release.countDown();
            await().until(() -> stuck.sent.sent.size() == 3);
            report(run, 6);
            report(run, 7);

            await().until(() -> stuck.sent.sent.size() == 5);
        }
        assertThat(stuck.sent.sent).extracting(StepTelemetry::getStep).containsExactly(0L, 1L, 2L, 6L, 7L);
        assertThat(stuck.sent.sent)
                .extracting(StepTelemetry::getDroppedMessages)
                .containsExactly(0L, 0L, 0L, 3L, 0L);
        assertThat(stuck.sent.closed).isTrue();
    }

    @Test
    void shouldCountWhatTheBrokerDoesNotTakeAndWhatTheHookHadDropped() {
        AtomicInteger failures = new AtomicInteger();
        SidecarMetrics metrics = new SidecarMetrics() {
            @Override
            public void telemetryDropped() {
                failures.incrementAndGet();
            }
        };
        try (TelemetryReporter reporter = new TelemetryReporter(sender, 8, 1 << 20, metrics, Fakes.clock())) {
            RunTelemetry run = reporter.open(Messages.hello("run-1", 5).build());
            sender.failure = new IllegalStateException("no broker");
            run.report(stepThatDropped(4), StepSample.NONE, false);
            report(run, 1);
            reporter.start();
            await().until(() -> failures.get() == 2);
            sender.failure = null;
            report(run, 2);
            await().until(() -> !sender.sent.isEmpty());
        }
        assertThat(sender.sent)
                .singleElement()
                .extracting(StepTelemetry::getDroppedMessages)
                .isEqualTo(6L);
    }

    @Test
    void shouldTellLossesOfOneRunToThatRunOnly() {
        try (TelemetryReporter reporter =
                new TelemetryReporter(sender, 8, 1 << 20, SidecarMetrics.NOOP, Fakes.clock())) {
            RunTelemetry first = reporter.open(Messages.hello("run-1", 5).build());
            RunTelemetry second = reporter.open(Messages.hello("run-2", 5).build());
            first.drop(stepThatDropped(2));
            report(second, 0);
            report(first, 0);
            reporter.start();
            await().until(() -> sender.sent.size() == 2);
        }
        assertThat(sender.sent).extracting(StepTelemetry::getDroppedMessages).containsExactly(0L, 3L);
    }

    @Test
    void shouldSendWhatIsQueuedBeforeItCloses() {
        TelemetryReporter reporter = new TelemetryReporter(sender, 100, 1 << 20, SidecarMetrics.NOOP, Fakes.clock());
        RunTelemetry run = reporter.open(Messages.hello("run-1", 5).build());
        for (int step = 0; step < 50; step++) {
            report(run, step);
        }
        reporter.start();
        reporter.close();

        assertThat(sender.sent).hasSize(50);
    }

    @Test
    void shouldRememberWhenAStepWasHandedOver() {
        StepTimes times = new StepTimes();
        times.record(7, 1_000_000);

        assertThat(times.millisSince(7, 3_500_000)).isEqualTo(2.5);
        assertThat(times.millisSince(8, 3_500_000)).isNaN();
        assertThat(times.millisSince(-1, 3_500_000)).isNaN();
        times.record(7 + 4096, 2_000_000);
        assertThat(times.millisSince(7, 3_500_000)).isNaN();
    }

    private static void report(RunTelemetry run, long step) {
        run.report(Messages.step(step, false), StepSample.NONE, false);
    }

    private static HookMessage.Step stepThatDropped(long messages) {
        return new HookMessage.Step(
                0, 2, 1, 0.01, 1, 5, false, 0, messages, 20, 3, 0, List.of(), List.of(), List.of(), List.of(), "");
    }

    /** Holds the sending thread at the first record until released. */
    private static final class Stuck implements RecordSender<StepTelemetry> {
        private final Fakes.Sender<StepTelemetry> sent = new Fakes.Sender<>();
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch release = new CountDownLatch(1);

        @Override
        public void send(String run, StepTelemetry record, String trace, Consumer<@Nullable Exception> done) {
            reached.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            sent.send(run, record, trace, done);
        }

        @Override
        public void close() {
            sent.close();
        }
    }
}
