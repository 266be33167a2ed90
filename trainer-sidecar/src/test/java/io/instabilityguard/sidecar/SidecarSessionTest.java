package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.sidecar.command.Commands;
import io.instabilityguard.sidecar.command.RunProgress;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import io.instabilityguard.sidecar.frame.TestHook;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole sidecar over a real socket and a real staging file; only Kafka is fake. */
@Timeout(60)
class SidecarSessionTest {
    private static final double TOLERANCE = 1e-5;

    @TempDir
    Path folder;

    private final Fakes.Sender<StepTelemetry> telemetry = new Fakes.Sender<>();
    private final Fakes.Sender<InterventionOutcome> outcomes = new Fakes.Sender<>();
    private final Fakes.Source source = new Fakes.Source();
    private Sidecar sidecar;

    @BeforeEach
    void start() throws IOException {
        SidecarConfig config =
                SidecarConfig.of(Map.of("socket", folder.resolve("guard.sock").toString(), "numerics.backend", "ejml"));
        sidecar = new Sidecar(
                        config, new Sidecar.Ports(telemetry, source, outcomes), SidecarMetrics.NOOP, Fakes.clock())
                .start();
    }

    @AfterEach
    void stop() {
        sidecar.close();
    }

    @Test
    void shouldReportEachStepInOrder() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            for (int step = 0; step < 100; step++) {
                hook.send(Messages.step(step, false));
            }
            await().until(() -> telemetry.sent.size() == 100);
        }

        assertThat(telemetry.sent).extracting(StepTelemetry::getStep).isSorted().doesNotHaveDuplicates();
        StepTelemetry record = telemetry.sent.get(7);
        assertThat(record.getRun()).isEqualTo("run-1");
        assertThat(record.getGeneration()).isEqualTo(5);
        assertThat(record.getTimestampMs()).isEqualTo(1_700_000_000_000L);
        assertThat(record.getLoss()).isEqualTo(2.0);
        assertThat(record.getSpectraStep()).isEqualTo(-1);
        assertThat(record.getAwaitsDecision()).isFalse();
    }

    @Test
    void shouldReportTheSpectraOfASampleWithTheNextStep() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            hook.stage(0, 3, 0, 0, 4);
            hook.send(Messages.step(0, true));
            assertThat(hook.wire.next(SidecarMessage.Sampled.class).step()).isZero();
            await().until(() -> {
                hook.send(Messages.step(telemetry.sent.size(), false));
                return telemetry.sent.stream().anyMatch(record -> record.getSpectraStep() == 0);
            });
        }

        List<LayerSpectrum> layers = telemetry.sent.stream()
                .filter(record -> record.getSpectraStep() == 0)
                .findFirst()
                .orElseThrow()
                .getLayers();
        assertThat(layers).extracting(LayerSpectrum::getName).containsExactly("query", "key");
        assertThat(layers.get(0).getFrobeniusNorm()).isEqualTo(5f, within(1e-4f));
        assertThat(layers.get(0).getSpectralNorm()).isEqualTo(4f, within(1e-3f));
        assertThat(layers.get(0).getStableRank()).isEqualTo(25f / 16, within(1e-3f));
    }

    @Test
    void shouldReportAStepWithItsOwnSpectraInLockstep() throws Exception {
        try (StagedHook hook = attach(Messages.HelloBuilder::lockstep)) {
            for (int step = 0; step < 20; step++) {
                hook.send(Messages.step(step, step % 10 == 0));
            }
            await().until(() -> telemetry.sent.size() == 20);
        }

        assertThat(telemetry.sent).extracting(StepTelemetry::getStep).isSorted();
        assertThat(telemetry.sent).allMatch(StepTelemetry::getAwaitsDecision);
        assertThat(telemetry.sent.get(0).getSpectraStep()).isZero();
        assertThat(telemetry.sent.get(1).getSpectraStep()).isEqualTo(-1);
        assertThat(telemetry.sent.get(10).getSpectraStep()).isEqualTo(10);
        assertThat(telemetry.sent.get(10).getLayers()).hasSize(2);
    }

    @Test
    void shouldSayThatWeightsAreNotFinite() throws Exception {
        try (StagedHook hook = attach(Messages.HelloBuilder::lockstep)) {
            hook.stage(1, 1, Float.NaN, 0, 1);
            hook.send(Messages.step(0, true));
            await().until(() -> telemetry.sent.size() == 1);
        }

        assertThat(telemetry.sent.get(0).getLayers())
                .extracting(LayerSpectrum::getFinite)
                .containsExactly(true, false);
    }

    @Test
    void shouldReplaceAMatrixByItsRescaledPolarFactor() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            hook.send(Messages.step(10, false));
            await().until(() -> telemetry.sent.size() == 1);
            source.guard.onCommand(Commands.msign("c", 0, "query", "key"));
            assertThat(hook.wire.next(SidecarMessage.Command.class).layers()).containsExactly("query", "key");
            hook.stage(0, 0, 3, 4, 0);
            hook.send(new HookMessage.Apply("c", 12, List.of(0, 1)));

            SidecarMessage.Ready ready = hook.wire.next(SidecarMessage.Ready.class);

            assertThat(ready.matrices())
                    .extracting(SidecarMessage.ReadyMatrix::replaced)
                    .containsExactly(true, false);
            assertThat(ready.matrices().get(0).crc32()).isEqualTo(hook.crc32(0));
            assertThat(ready.matrices().get(1).reason()).contains("zero");
            float equal = (float) (5 / Math.sqrt(2));
            assertThat(hook.staged(0)).containsExactly(new float[] {0, equal, equal, 0}, within(1e-3f));
            hook.send(new HookMessage.Applied("c", 12, List.of(0), 7.5, Double.NaN, Double.NaN));
            InterventionOutcome outcome = onlyOutcome();
            assertThat(outcome.getStatus()).isEqualTo(OutcomeStatus.APPLIED);
            assertThat(outcome.getStep()).isEqualTo(12);
            assertThat(outcome.getHookMillis()).isEqualTo(7.5);
            assertThat(outcome.getComputeMillis()).isPositive();
            assertThat(outcome.getLoopMillis()).isPositive();
            assertThat(outcome.getChanges()).hasSize(2);
            assertThat(outcome.getChanges().get(0).getBefore().getStableRank()).isEqualTo(25f / 16, within(1e-2f));
            assertThat(outcome.getChanges().get(0).getAfter().getStableRank()).isEqualTo(2f, within(1e-2f));
            assertThat(outcome.getChanges().get(0).getOrthogonalityDefect()).isLessThan(1e-2f);
            assertThat(outcome.getChanges().get(1).getReplaced()).isFalse();
        }
    }

    @Test
    void shouldReportALearningRateCommandAsTheHookDid() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            source.guard.onCommand(Commands.learningRate("c", 0));
            assertThat(hook.wire.next(SidecarMessage.Command.class).parameters())
                    .containsEntry("factor", 0.5);
            hook.send(new HookMessage.Applied("c", 12, List.of(), 0.1, 1.0, 0.5));

            InterventionOutcome outcome = onlyOutcome();

            assertThat(outcome.getStatus()).isEqualTo(OutcomeStatus.APPLIED);
            assertThat(outcome.getLearningRateScaleAfter()).isEqualTo(0.5, within(TOLERANCE));
            assertThat(outcome.getLoopMillis()).isNaN();
        }
    }

    @Test
    void shouldAnswerDuplicatesVoidsAndLateCommandsItself() throws Exception {
        try (StagedHook hook = attach(builder -> builder.step(15))) {
            source.guard.onCommand(Commands.learningRate("a", 0));
            source.guard.onCommand(Commands.learningRate("a", 0));
            source.guard.onCommand(Commands.learningRate("a", 1));
            source.guard.onCommand(Commands.ofGeneration("b", 4, 2));
            source.guard.onCommand(Commands.withKey("x", "run-1", "run-9", 3));
            hook.send(Messages.step(30, false));
            await().until(() -> telemetry.sent.size() == 1);
            source.guard.onCommand(Commands.learningRate("d", 4));
            source.guard.onCommand(Commands.withKey("e", "run-9", "run-9", 5));

            await().until(() -> outcomes.sent.size() == 4);
            assertThat(hook.wire.next(SidecarMessage.Command.class).id()).isEqualTo("a");
        }

        assertThat(outcomes.sent)
                .extracting(InterventionOutcome::getCommandId, InterventionOutcome::getStatus)
                .containsExactly(
                        tuple("a", OutcomeStatus.DUPLICATE),
                        tuple("b", OutcomeStatus.VOID),
                        tuple("x", OutcomeStatus.VOID),
                        tuple("d", OutcomeStatus.EXPIRED));
        assertThat(outcomes.sent).allMatch(outcome -> !outcome.getReason().isBlank());
    }

    @Test
    void shouldRejectAnApplyThatNobodyAskedFor() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            hook.send(new HookMessage.Apply("stranger", 3, List.of(0)));

            assertThat(hook.wire.next(SidecarMessage.Reject.class).reason()).contains("no such command");
        }
        assertThat(outcomes.sent).isEmpty();
    }

    @Test
    void shouldFailACommandForAMatrixThatIsNotThere() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            source.guard.onCommand(Commands.msign("c", 0, "query"));
            hook.wire.next(SidecarMessage.Command.class);
            hook.send(new HookMessage.Apply("c", 12, List.of(2)));

            assertThat(hook.wire.next(SidecarMessage.Reject.class).reason()).contains("[2]");
            assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.FAILED);
        }
    }

    @Test
    void shouldPassOnWhyTheHookDidNotApply() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            source.guard.onCommand(Commands.msign("c", 0, "query"));
            hook.wire.next(SidecarMessage.Command.class);
            hook.send(new HookMessage.NotApplied("c", 12, HookMessage.NotApplied.Status.ABANDONED, "no time"));

            assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.ABANDONED);
            assertThat(onlyOutcome().getReason()).isEqualTo("no time");
        }
    }

    @Test
    void shouldSendAnOpenCommandAgainAfterTheConnectionBroke() throws Exception {
        attachAndReceive("c").close();

        try (StagedHook again = attach(UnaryOperator.identity())) {
            assertThat(again.wire.next(SidecarMessage.Command.class).id()).isEqualTo("c");
        }
        assertThat(outcomes.sent).isEmpty();
    }

    @Test
    void shouldBelieveTheHookThatACommandTookEffectBeforeTheConnectionBroke() throws Exception {
        StagedHook hook = attachAndReceive("c");
        hook.stage(0, 0, 3, 4, 0);
        hook.send(new HookMessage.Apply("c", 12, List.of(0)));
        hook.wire.next(SidecarMessage.Ready.class);
        hook.close();

        try (StagedHook again = attach(builder -> builder.applied("c", 12).step(14))) {
            assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.APPLIED);
            assertThat(onlyOutcome().getStep()).isEqualTo(12);
            assertThat(again.hello.step()).isEqualTo(14);
        }
    }

    @Test
    void shouldNeverSendAgainWhatMayHaveBegun() throws Exception {
        StagedHook hook = attachAndReceive("c");
        hook.stage(0, 0, 3, 4, 0);
        hook.send(new HookMessage.Apply("c", 12, List.of(0)));
        hook.wire.next(SidecarMessage.Ready.class);
        hook.close();

        try (StagedHook again = attach(UnaryOperator.identity())) {
            assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.ABANDONED);
            again.send(new HookMessage.Apply("c", 13, List.of(0)));
            assertThat(again.wire.next()).isInstanceOf(SidecarMessage.Reject.class);
        }
    }

    @Test
    void shouldRememberAcrossARestartWhatItAppliedAndWhatIsOpen() throws Exception {
        StagedHook hook = attachAndReceive("open");
        source.guard.onCommand(Commands.learningRate("done", 1));
        hook.wire.next(SidecarMessage.Command.class);
        hook.send(new HookMessage.Applied("done", 12, List.of(), 0.1, 1.0, 0.5));
        assertThat(onlyOutcome().getCommandId()).isEqualTo("done");
        sidecar.close();
        hook.close();
        start();

        try (StagedHook again = attach(UnaryOperator.identity())) {
            assertThat(again.wire.next(SidecarMessage.Command.class).id()).isEqualTo("open");
            source.guard.onCommand(Commands.learningRate("done", 1));
            source.guard.onCommand(Commands.learningRate("new", 2));
            assertThat(again.wire.next(SidecarMessage.Command.class).id()).isEqualTo("new");
        }
        assertThat(outcomes.sent).hasSize(1);
    }

    @Test
    void shouldPublishAfterARestartWhatTheBrokerDidNotTake() throws Exception {
        outcomes.failure = new IllegalStateException("no broker");
        try (StagedHook hook = attachAndReceive("c")) {
            hook.send(new HookMessage.NotApplied("c", 12, HookMessage.NotApplied.Status.REFUSED, "why"));
            hook.send(Messages.step(13, false));
            await().until(() -> telemetry.sent.size() == 1);
        }
        sidecar.close();
        assertThat(outcomes.sent).isEmpty();
        outcomes.failure = null;
        start();

        assertThat(onlyOutcome().getReason()).isEqualTo("why");
    }

    @Test
    void shouldVoidWhatAnOlderGenerationLeftOpen() throws Exception {
        attachAndReceive("c").close();

        try (StagedHook restarted = attach(6, UnaryOperator.identity())) {
            assertThat(restarted.hello.generation()).isEqualTo(6);
            assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.VOID);
            assertThat(onlyOutcome().getGeneration()).isEqualTo(5);
        }
    }

    @Test
    void shouldAbandonWhatIsOpenWhenTheTrainerLeaves() throws Exception {
        try (StagedHook hook = attachAndReceive("c")) {
            hook.send(new HookMessage.Bye(11));

            assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.ABANDONED);
        }
    }

    @Test
    void shouldTellProgressOnlyAfterTheCommandsThatItCounts() throws Exception {
        try (StagedHook hook = attach(Messages.HelloBuilder::lockstep)) {
            source.guard.onProgress(new RunProgress("run-1", 5, 9, 0));
            source.guard.onProgress(new RunProgress("run-1", 4, 99, 0));
            source.guard.onProgress(new RunProgress("run-1", 5, 10, 1));
            source.guard.onCommand(Commands.learningRate("c", 0));

            assertThat(hook.wire.next()).isEqualTo(new SidecarMessage.Progress(9));
            assertThat(hook.wire.next(SidecarMessage.Command.class).id()).isEqualTo("c");
            assertThat(hook.wire.next()).isEqualTo(new SidecarMessage.Progress(10));
        }
    }

    @Test
    void shouldGiveTheNewerSessionOfAProcessThePlaceOfTheOlder() throws Exception {
        try (StagedHook older = attach(UnaryOperator.identity());
                StagedHook otherRank = attach(builder -> builder.rank(1));
                StagedHook newer = attach(UnaryOperator.identity())) {
            assertThat(older.wire.next(SidecarMessage.Refused.class).reason()).contains("newer session");
            assertThat(older.wire.isAtEnd()).isTrue();
            source.guard.onCommand(Commands.learningRate("c", 0));
            assertThat(newer.wire.next(SidecarMessage.Command.class).id()).isEqualTo("c");
            assertThat(otherRank.wire.next(SidecarMessage.Command.class).id()).isEqualTo("c");
        }
    }

    @Test
    void shouldRefuseAnOlderGenerationBesideANewerOne() throws Exception {
        try (StagedHook newer = attach(6, UnaryOperator.identity());
                StagedHook older = StagedHook.connect(sidecar.socket(), 5, UnaryOperator.identity())) {
            assertThat(older.wire.next(SidecarMessage.Refused.class).reason()).contains("newer generation");
            source.guard.onCommand(Commands.ofGeneration("c", 6, 0));
            assertThat(newer.wire.next(SidecarMessage.Command.class).id()).isEqualTo("c");
        }
    }

    @Test
    void shouldRefuseAnythingBeforeHello() throws Exception {
        try (var wire = TestHook.connect(sidecar.socket())) {
            wire.send(Messages.step(0, false));

            assertThat(wire.next(SidecarMessage.Refused.class).reason()).contains("HELLO");
            assertThat(wire.isAtEnd()).isTrue();
        }
    }

    @Test
    void shouldAskForTheCommandsSinceTheTrainerStarted() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            assertThat(source.rereads).containsExactly(hook.hello.startedAtMs());
        }
    }

    @Test
    void shouldRemoveTheStagingFileWhenTheHookDies() throws Exception {
        StagedHook hook = attach(UnaryOperator.identity());
        hook.close();

        await().until(() -> !Files.exists(hook.staging));
    }

    @Test
    void shouldLoseASampleButNotTheSessionWhenTheFileShrinks() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            Files.write(hook.staging, new byte[70]);
            hook.send(Messages.step(0, true));

            assertThat(hook.wire.next()).isEqualTo(new SidecarMessage.Sampled(0));
            hook.send(Messages.step(1, false));
            await().until(() -> telemetry.sent.size() == 2);
        }
        assertThat(telemetry.sent.get(1).getSpectraStep()).isEqualTo(-1);
    }

    private StagedHook attach(UnaryOperator<Messages.HelloBuilder> more) throws Exception {
        return attach(5, more);
    }

    /** Returns when the session takes commands: what comes before is read again in production. */
    private StagedHook attach(long generation, UnaryOperator<Messages.HelloBuilder> more) throws Exception {
        int before = source.rereads.size();
        StagedHook hook = StagedHook.attach(sidecar.socket(), generation, more);
        await().until(() -> source.rereads.size() > before);
        return hook;
    }

    private StagedHook attachAndReceive(String id) throws Exception {
        StagedHook hook = attach(UnaryOperator.identity());
        source.guard.onCommand(Commands.msign(id, 0, "query"));
        hook.wire.next(SidecarMessage.Command.class);
        return hook;
    }

    private InterventionOutcome onlyOutcome() {
        await().until(() -> !outcomes.sent.isEmpty());
        assertThat(outcomes.sent).hasSize(1);
        return outcomes.sent.get(0);
    }
}
