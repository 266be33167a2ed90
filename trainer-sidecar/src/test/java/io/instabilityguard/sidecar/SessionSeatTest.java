package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.sidecar.command.Commands;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import io.instabilityguard.sidecar.frame.TestHook;
import java.nio.file.Files;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who may connect, in whose place, and what is cleaned up. Only Kafka is fake. */
@Timeout(60)
class SessionSeatTest extends SidecarFixture {
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
}
