package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.sidecar.command.Commands;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of commands when a connection, the sidecar or the trainer ends. Only Kafka is fake. */
@Timeout(60)
class SessionRecoveryTest extends SidecarFixture {
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
        hook.send(Messages.halved("done", 12));
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
            hook.send(Messages.notApplied("c", 12, HookMessage.NotApplied.Status.REFUSED, "why"));
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
}
