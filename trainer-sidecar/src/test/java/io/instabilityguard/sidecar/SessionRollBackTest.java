package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.sidecar.command.Commands;
import io.instabilityguard.sidecar.command.ReceivedCommand;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Weight commands of every kind and the way back, bit by bit. Only Kafka is fake. */
@Timeout(60)
class SessionRollBackTest extends SidecarFixture {
    /** bfloat16: 1.5, a number that float32 would round, -0 and a NaN with a payload; then a signalling NaN in float32. */
    private static final byte[] MIX = {(byte) 0xc0, 0x3f, 0x01, 0x40, 0x00, 0x3f, 0x33, 0x3f};

    private static final byte[] NANS = {
        0x01,
        0x00,
        (byte) 0xa0,
        0x7f,
        0x12,
        0x34,
        (byte) 0xc0,
        (byte) 0xff,
        0,
        0,
        0,
        (byte) 0x80,
        0,
        0,
        (byte) 0x80,
        0x3f
    };

    @Test
    void shouldProjectAMixingMatrixAndRestoreItsBytes() throws Exception {
        try (StagedHook hook = attachWithMixing()) {
            hook.stageBytes(2, MIX);
            apply(hook, Commands.of("a", 0, "REPROJECT_HC", Map.of("iterations", 30.0), "mix"), 2);
            assertThat(hook.stagedBytes(2)).isNotEqualTo(MIX);

            SidecarMessage.ReadyMatrix restored = apply(hook, Commands.rollBack("r", 1, "a"), 2);

            assertThat(hook.stagedBytes(2)).isEqualTo(MIX);
            assertThat(restored.crc32()).isEqualTo(hook.crc32(2));
        }
        await().until(() -> outcomes.sent.size() == 2);
        InterventionOutcome projected = outcomes.sent.get(0);
        assertThat(projected.getStatus()).isEqualTo(OutcomeStatus.APPLIED);
        assertThat(projected.getMeasurements())
                .containsEntry("shadowBytes", 8.0)
                .containsEntry("momentsZeroed", 2.0);
        assertThat(projected.getChanges().get(0).getMeasurements())
                .containsKeys("iterations", "forwardViolation", "backwardViolation");
        assertThat(outcomes.sent.get(1).getStatus()).isEqualTo(OutcomeStatus.APPLIED);
        assertThat(outcomes.sent.get(1).getKind().name()).isEqualTo("ROLL_BACK");
    }

    @Test
    void shouldRestorePayloadsOfNansAndTheSignOfZero() throws Exception {
        try (StagedHook hook = attachWithMixing()) {
            hook.stage(0, 8, 0, 0, 4);
            hook.stageBytes(1, NANS);
            source.guard.onCommand(Commands.of("a", 0, "APPLY_MSIGN", Map.of(), "query", "key"));
            hook.wire.next(SidecarMessage.Command.class);
            hook.send(new HookMessage.Apply("a", 12, List.of(0, 1)));
            assertThat(hook.wire.next(SidecarMessage.Ready.class).matrices())
                    .extracting(SidecarMessage.ReadyMatrix::replaced)
                    .containsExactly(true, false);
            assertThat(hook.stagedBytes(1)).isEqualTo(NANS);
            hook.send(Messages.applied("a", 12, 0, 1));
            hook.stageBytes(1, new byte[16]);

            apply(hook, Commands.rollBack("r", 1, "a"), 1);

            assertThat(hook.stagedBytes(1)).isEqualTo(NANS);
        }
    }

    @Test
    void shouldScaleQueryAndKeyAndSayByHowMuch() throws Exception {
        try (StagedHook hook = attachWithMixing()) {
            hook.stage(0, 8, 0, 0, 4);
            hook.stage(1, 2, 0, 0, 2);
            source.guard.onCommand(Commands.of("a", 0, "CLIP_ATTENTION_LOGITS", Map.of("scale", 0.5), "query", "key"));
            hook.wire.next(SidecarMessage.Command.class);
            hook.send(new HookMessage.Apply("a", 12, List.of(0, 1)));

            SidecarMessage.Ready ready = hook.wire.next(SidecarMessage.Ready.class);

            assertThat(ready.matrices()).allMatch(SidecarMessage.ReadyMatrix::replaced);
            assertThat(ready.matrices().get(0).measurements()).containsEntry("scale", 0.5);
            assertThat(hook.staged(0)).containsExactly(4, 0, 0, 2);
            assertThat(hook.staged(1)).containsExactly(1, 0, 0, 1);
        }
    }

    @Test
    void shouldRefuseToRollBackUnderALaterCommand() throws Exception {
        try (StagedHook hook = attachWithMixing()) {
            hook.stageBytes(2, MIX);
            apply(hook, Commands.of("a", 0, "REPROJECT_HC", Map.of(), "mix"), 2);
            apply(hook, Commands.of("b", 1, "REPROJECT_HC", Map.of(), "mix"), 2);
            byte[] now = hook.stagedBytes(2);
            source.guard.onCommand(Commands.rollBack("r", 2, "a"));
            assertThat(hook.wire.next(SidecarMessage.Command.class).undoes()).isEqualTo("a");
            hook.send(new HookMessage.Apply("r", 12, List.of(2)));

            assertThat(hook.wire.next(SidecarMessage.Reject.class).reason()).contains("roll b back first");
            assertThat(hook.stagedBytes(2)).isEqualTo(now);
        }
        await().until(() -> outcomes.sent.size() == 3);
        assertThat(outcomes.sent.get(2).getStatus()).isEqualTo(OutcomeStatus.REFUSED);
        assertThat(outcomes.sent.get(2).getReason()).contains("roll b back first");
    }

    @Test
    void shouldForgetTheShadowOfACommandThatTookNoEffect() throws Exception {
        try (StagedHook hook = attachWithMixing()) {
            hook.stageBytes(2, MIX);
            source.guard.onCommand(Commands.of("a", 0, "REPROJECT_HC", Map.of(), "mix"));
            hook.wire.next(SidecarMessage.Command.class);
            hook.send(new HookMessage.Apply("a", 12, List.of(2)));
            hook.wire.next(SidecarMessage.Ready.class);
            hook.send(Messages.notApplied("a", 12, HookMessage.NotApplied.Status.ABANDONED, "no time"));
            source.guard.onCommand(Commands.rollBack("r", 1, "a"));
            hook.wire.next(SidecarMessage.Command.class);
            hook.send(new HookMessage.Apply("r", 12, List.of(2)));

            assertThat(hook.wire.next(SidecarMessage.Reject.class).reason()).contains("are gone");
        }
    }

    @Test
    void shouldCarryHookOnlyKindsToTheHookAndItsNumbersBack() throws Exception {
        try (StagedHook hook = attachWithMixing()) {
            int offset = 0;
            for (String kind :
                    List.of("SWITCH_HC", "ENABLE_KSS", "DISABLE_KSS", "SAMPLE_EVERY", "SAVE_CHECKPOINT", "PAUSE")) {
                source.guard.onCommand(Commands.of(kind, offset++, kind, Map.of("every", 2.0)));
                assertThat(hook.wire.next(SidecarMessage.Command.class).kind()).isEqualTo(kind);
                hook.send(new HookMessage.Applied(
                        kind, 12, List.of(), 0.2, null, null, Map.of("kssMillis", 1.5, "hostile", Double.NaN)));
            }
            await().until(() -> outcomes.sent.size() == 6);
        }
        assertThat(outcomes.sent).allMatch(outcome -> outcome.getStatus() == OutcomeStatus.APPLIED);
        assertThat(outcomes.sent).allMatch(outcome -> outcome.getMeasurements().equals(Map.of("kssMillis", 1.5)));
    }

    private StagedHook attachWithMixing() throws Exception {
        return attach(builder -> builder.matrix("mix", Hello.Role.RESIDUAL_MIXING, 2, 2, "bfloat16"));
    }

    /** Sends a command, applies it to one matrix and says so. */
    private SidecarMessage.ReadyMatrix apply(StagedHook hook, ReceivedCommand command, int slot) throws Exception {
        source.guard.onCommand(command);
        hook.wire.next(SidecarMessage.Command.class);
        hook.send(new HookMessage.Apply(command.id(), 12, List.of(slot)));
        SidecarMessage.ReadyMatrix matrix =
                hook.wire.next(SidecarMessage.Ready.class).matrices().get(0);
        assertThat(matrix.replaced()).as(matrix.reason()).isTrue();
        hook.send(new HookMessage.Applied(
                command.id(), 12, List.of(slot), 7.5, null, null, Map.of("momentsZeroed", 2.0)));
        return matrix;
    }
}
