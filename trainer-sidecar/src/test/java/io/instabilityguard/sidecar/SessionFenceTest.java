package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.sidecar.command.Commands;
import io.instabilityguard.sidecar.command.RunProgress;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.HookMessage.NotApplied;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Commands of a holder that has lost the run, and cancelled ones. Only Kafka is fake. */
@Timeout(60)
class SessionFenceTest extends SidecarFixture {
    private static final UnaryOperator<Messages.HelloBuilder> PLAIN = UnaryOperator.identity();

    @Test
    void shouldRefuseWhatAnEarlierHolderCommandsAlsoAfterARestart() throws Exception {
        try (StagedHook hook = attach(PLAIN)) {
            source.guard.onCommand(Commands.inEpoch("new", 0, "guard-b", 7));
            hook.wire.next(SidecarMessage.Command.class);
            hook.send(Messages.halved("new", 12));
            await().until(() -> outcomes.sent.size() == 1);
        }
        stop();
        start();
        try (StagedHook hook = attach(builder -> builder.applied("new", 12))) {
            source.guard.onCommand(Commands.inEpoch("old", 1, "guard-a", 6));

            await().until(() -> outcomes.sent.size() == 2);
            InterventionOutcome refused = outcomes.sent.get(1);
            assertThat(refused.getStatus()).isEqualTo(OutcomeStatus.REFUSED);
            assertThat(refused.getReason()).contains("guard-b holds the run since epoch 7");
            assertThat(hook.hello.run()).isEqualTo("run-1");
        }
    }

    @Test
    void shouldWithdrawWhatIsOnItsWayWhenTheRunChangesHands() throws Exception {
        try (StagedHook hook = attach(PLAIN)) {
            source.guard.onCommand(Commands.inEpoch("c", 0, "guard-a", 6));
            hook.wire.next(SidecarMessage.Command.class);
            source.guard.onProgress(new RunProgress("run-1", 5, 10, 1, "operator:alice", 9));

            SidecarMessage.Cancel cancel = hook.wire.next(SidecarMessage.Cancel.class);
            assertThat(cancel.id()).isEqualTo("c");
            assertThat(cancel.reason()).contains("operator:alice holds the run since epoch 9");
            hook.send(Messages.notApplied("c", 11, NotApplied.Status.REFUSED, cancel.reason()));
            assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.REFUSED);
        }
    }

    @Test
    void shouldWithdrawItOnEveryRank() throws Exception {
        try (StagedHook first = attach(PLAIN);
                StagedHook second = attach(builder -> builder.rank(1))) {
            source.guard.onCommand(Commands.inEpoch("c", 0, "guard-a", 6));
            first.wire.next(SidecarMessage.Command.class);
            second.wire.next(SidecarMessage.Command.class);
            source.guard.onProgress(new RunProgress("run-1", 5, 10, 1, "operator:alice", 9));

            assertThat(first.wire.next(SidecarMessage.Cancel.class).id()).isEqualTo("c");
            assertThat(second.wire.next(SidecarMessage.Cancel.class).id()).isEqualTo("c");
        }
    }

    @Test
    void shouldRejectToComputeForAHolderThatHasLostTheRun() throws Exception {
        try (StagedHook hook = attach(PLAIN)) {
            source.guard.onCommand(Commands.msign("c", 0, "query"));
            hook.wire.next(SidecarMessage.Command.class);
            source.guard.onProgress(new RunProgress("run-1", 5, 10, 1, "operator:alice", 9));
            hook.wire.next(SidecarMessage.Cancel.class);
            hook.send(new HookMessage.Apply("c", 12, List.of(0)));

            assertThat(hook.wire.next(SidecarMessage.Reject.class).reason()).contains("operator:alice");
            assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.REFUSED);
        }
    }

    @Test
    void shouldCancelWhatIsNotAppliedYet() throws Exception {
        try (StagedHook hook = attach(PLAIN)) {
            source.guard.onCommand(Commands.learningRate("c", 0));
            source.guard.onCommand(Commands.cancel("x", 1, "c"));
            hook.wire.next(SidecarMessage.Command.class);
            SidecarMessage.Cancel cancel = hook.wire.next(SidecarMessage.Cancel.class);
            assertThat(cancel).isEqualTo(new SidecarMessage.Cancel("c", "cancelled by alice"));
            hook.send(Messages.notApplied("c", 11, NotApplied.Status.REFUSED, cancel.reason()));

            await().until(() -> outcomes.sent.size() == 2);
        }
        assertThat(outcomes.sent)
                .extracting(InterventionOutcome::getCommandId, InterventionOutcome::getStatus)
                .containsExactly(tuple("c", OutcomeStatus.REFUSED), tuple("x", OutcomeStatus.APPLIED));
    }

    @Test
    void shouldSayThatACancellationCameTooLate() throws Exception {
        try (StagedHook hook = attach(PLAIN)) {
            source.guard.onCommand(Commands.learningRate("c", 0));
            source.guard.onCommand(Commands.cancel("x", 1, "c"));
            hook.send(Messages.halved("c", 12));
            await().until(() -> outcomes.sent.size() == 2);
            source.guard.onCommand(Commands.cancel("y", 2, "c"));
            await().until(() -> outcomes.sent.size() == 3);
        }
        assertThat(outcomes.sent)
                .extracting(InterventionOutcome::getCommandId, InterventionOutcome::getStatus)
                .containsExactly(
                        tuple("c", OutcomeStatus.APPLIED),
                        tuple("x", OutcomeStatus.REFUSED),
                        tuple("y", OutcomeStatus.REFUSED));
        assertThat(outcomes.sent.get(1).getReason()).isEqualTo("c had been applied");
    }

    @Test
    void shouldTellTheGuardThatTheTrainingProgramHoldsItsRun() throws Exception {
        try (StagedHook hook = attach(PLAIN)) {
            hook.send(Messages.held(3, "my own recovery"));
            await().until(() -> telemetry.sent.size() == 1);
            assertThat(telemetry.sent.get(0).getHeldReason()).isEqualTo("my own recovery");
        }
    }
}
