package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.sidecar.command.Commands;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Commands from their receipt to their outcome. Only Kafka is fake. */
@Timeout(60)
class SessionCommandTest extends SidecarFixture {
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
            hook.send(Messages.applied("c", 12, 0));
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
            hook.send(Messages.halved("c", 12));

            InterventionOutcome outcome = onlyOutcome();

            assertThat(outcome.getStatus()).isEqualTo(OutcomeStatus.APPLIED);
            assertThat(outcome.getLearningRateScaleAfter()).isEqualTo(0.5, within(1e-5));
            assertThat(outcome.getLoopMillis()).isNaN();
        }
    }

    @Test
    void shouldPutTheOutcomeIntoTheTraceOfTheStepThatLedToTheCommand() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            hook.send(Messages.step(10, false));
            await().until(() -> telemetry.sent.size() == 1);
            source.guard.onCommand(Commands.learningRate("c", 0));
            hook.wire.next(SidecarMessage.Command.class);
            hook.send(Messages.halved("c", 12));
            onlyOutcome();

            assertThat(outcomes.traces).containsExactly(telemetry.traces.get(0));
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
    void shouldRefuseACommandForAMatrixThatIsNotThere() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            source.guard.onCommand(Commands.msign("c", 0, "query"));
            hook.wire.next(SidecarMessage.Command.class);
            hook.send(new HookMessage.Apply("c", 12, List.of(2)));

            assertThat(hook.wire.next(SidecarMessage.Reject.class).reason()).contains("[2]");
            assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.REFUSED);
        }
    }

    @Test
    void shouldPassOnWhyTheHookDidNotApply() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            source.guard.onCommand(Commands.msign("c", 0, "query"));
            hook.wire.next(SidecarMessage.Command.class);
            hook.send(Messages.notApplied("c", 12, HookMessage.NotApplied.Status.ABANDONED, "no time"));

            assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.ABANDONED);
            assertThat(onlyOutcome().getReason()).isEqualTo("no time");
        }
    }

    @Test
    void shouldAbandonWhatIsOpenWhenTheTrainerLeaves() throws Exception {
        try (StagedHook hook = attachAndReceive("c")) {
            hook.send(new HookMessage.Bye(11));

            assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.ABANDONED);
        }
    }
}
