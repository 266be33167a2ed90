package io.instabilityguard.sidecar.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.sidecar.Fakes;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookLink;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import io.instabilityguard.sidecar.frame.StagedFiles;
import io.instabilityguard.sidecar.frame.StagingDescriptor;
import io.instabilityguard.sidecar.frame.StagingFile;
import io.instabilityguard.sidecar.report.SidecarClock;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import io.instabilityguard.sidecar.report.TelemetryReporter;
import io.instabilityguard.sidecar.sample.StagedMatrices;
import io.instabilityguard.sidecar.spectrum.EjmlBackend;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The order in which things are written down and said, and what happens when they cannot be written down. */
@Timeout(60)
class CommandExecutionTest {
    @TempDir
    Path folder;

    private final List<String> order = new CopyOnWriteArrayList<>();
    private final Fakes.Sender<InterventionOutcome> sent = new Fakes.Sender<>();
    private volatile JournalEntry.@Nullable State fullDiskAt;
    private StagingFile staging;
    private OutcomeReporter outcomes;
    private CommandExecution execution;

    @BeforeEach
    void begin() throws Exception {
        Hello hello = Messages.hello("run-1", 5)
                .matrix("query", Hello.Role.QUERY, 2, 2, "float32")
                .staging(folder.resolve("staging-1").toString())
                .build();
        Files.write(folder.resolve("staging-1"), staged(hello));
        StagedFiles.makePrivate(folder.resolve("staging-1"));
        staging = StagingFile.open(folder, hello);
        SidecarClock clock = Fakes.clock();
        CommandLog log = new CommandLog(new CommandLedger(), new OrderedJournal());
        outcomes = new OutcomeReporter(sent, log, 16, SidecarMetrics.NOOP);
        outcomes.start();
        EjmlBackend backend = new EjmlBackend();
        MatrixReplacement replacement = new MatrixReplacement(
                hello,
                new StagedMatrices(staging, hello),
                new MatrixReplacement.Tools(
                        backend,
                        new SpectrumProbe(backend, 1),
                        new AttentionLogits(),
                        new ShadowStore(ShadowSettings.DEFAULT, SidecarMetrics.NOOP)),
                clock.nanos());
        TelemetryReporter reporter =
                new TelemetryReporter(new Fakes.Sender<>(), 1, 1 << 20, SidecarMetrics.NOOP, clock);
        execution = new CommandExecution(
                hello,
                new OrderedLink(),
                replacement,
                reporter.open(hello),
                new CommandExecution.Shared(log, outcomes, clock));
    }

    @AfterEach
    void end() throws IOException {
        outcomes.close();
        staging.close();
    }

    @Test
    void shouldWriteEachStateDownBeforeItActsOnIt() {
        execution.onCommand(Commands.msign("c", 0, "query"));
        execution.apply(new HookMessage.Apply("c", 12, List.of(0)));
        execution.onApplied(Messages.applied("c", 12, 0));

        await().until(() -> order.size() == 6);
        assertThat(order)
                .containsExactly(
                        "journal RECEIVED",
                        "hook Command",
                        "journal APPLYING",
                        "hook Ready",
                        "journal FINAL",
                        "journal PUBLISHED");
    }

    @Test
    void shouldNotSendACommandThatCannotBeWrittenDown() {
        fullDiskAt = JournalEntry.State.RECEIVED;
        execution.onCommand(Commands.msign("c", 0, "query"));

        assertThat(outcome().getStatus()).isEqualTo(OutcomeStatus.FAILED);
        assertThat(outcome().getReason()).contains("No space left");
        assertThat(order).doesNotContain("hook Command");
    }

    @Test
    void shouldRejectAnApplyThatCannotBeWrittenDown() {
        execution.onCommand(Commands.msign("c", 0, "query"));
        fullDiskAt = JournalEntry.State.APPLYING;
        execution.apply(new HookMessage.Apply("c", 12, List.of(0)));

        assertThat(outcome().getStatus()).isEqualTo(OutcomeStatus.FAILED);
        assertThat(outcome().getReason()).contains("No space left");
        assertThat(order).contains("hook Reject").doesNotContain("hook Ready");
    }

    @Test
    void shouldRejectWhatTheHookGaveUpOnInTheMeantime() {
        execution.onCommand(Commands.msign("c", 0, "query"));
        execution.onNotApplied(Messages.notApplied("c", 12, HookMessage.NotApplied.Status.ABANDONED, "no time"));
        execution.apply(new HookMessage.Apply("c", 12, List.of(0)));

        assertThat(outcome().getStatus()).isEqualTo(OutcomeStatus.ABANDONED);
        assertThat(order).contains("hook Reject").doesNotContain("hook Ready", "journal APPLYING");
    }

    @Test
    void shouldSayRefusedWhenNoMatrixWasReplaced() {
        execution.onCommand(Commands.msign("c", 0, "query"));
        execution.onApplied(Messages.applied("c", 12));

        assertThat(outcome().getStatus()).isEqualTo(OutcomeStatus.REFUSED);
    }

    @Test
    void shouldNotFinishACommandTwice() {
        execution.onCommand(Commands.learningRate("c", 0));
        execution.onApplied(Messages.halved("c", 12));
        execution.onApplied(Messages.halved("c", 13));
        execution.onBye();
        execution.onCommand(Commands.learningRate("d", 1));
        execution.onBye();

        await().until(() -> sent.sent.size() == 2);
        assertThat(sent.sent).extracting(InterventionOutcome::getStep).startsWith(12L);
        assertThat(sent.sent)
                .extracting(InterventionOutcome::getStatus)
                .containsExactly(OutcomeStatus.APPLIED, OutcomeStatus.ABANDONED);
    }

    private InterventionOutcome outcome() {
        await().until(() -> !sent.sent.isEmpty());
        return sent.sent.get(0);
    }

    private static byte[] staged(Hello hello) {
        ByteBuffer file = ByteBuffer.allocate((int) hello.staging().bytes()).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(StagingDescriptor.MAGIC_OFFSET, StagingDescriptor.MAGIC);
        file.putInt(StagingDescriptor.VERSION_OFFSET, StagingDescriptor.VERSION);
        file.putInt(StagingDescriptor.SLOTS_OFFSET, 1);
        file.putLong(StagingDescriptor.TOTAL_OFFSET, hello.staging().bytes());
        file.putLong(StagingDescriptor.GENERATION_OFFSET, hello.generation());
        file.putFloat(StagingDescriptor.HEADER_LENGTH, 3).putFloat(StagingDescriptor.HEADER_LENGTH + 12, 4);
        return file.array();
    }

    private final class OrderedJournal implements CommandJournal {
        @Override
        public void append(JournalEntry entry) throws IOException {
            if (entry.state() == fullDiskAt) {
                throw new IOException("the journal of commands cannot be written: No space left on device");
            }
            order.add("journal " + entry.state());
        }

        @Override
        public void close() {}
    }

    private final class OrderedLink implements HookLink {
        @Override
        public void send(SidecarMessage message) {
            order.add("hook " + message.getClass().getSimpleName());
        }

        @Override
        public void refuse(String reason) {
            order.add("refuse");
        }

        @Override
        public void close() {
            order.add("close");
        }
    }
}
