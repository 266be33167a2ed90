package io.instabilityguard.evaluation.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.instabilityguard.evaluation.UserError;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildProcessTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration MOMENT = Duration.ofMillis(100);

    @TempDir
    Path folder;

    @Test
    void shouldBeStartedAgainAfterItWasKilled() {
        ChildProcess child = shell("echo $WORD; exec sleep 60");
        child.start().kill();
        assertThat(child.isAlive()).isFalse();
        child.start();
        assertThat(child.isAlive()).isTrue();
        child.close();
        assertThat(child.isAlive()).isFalse();
    }

    @Test
    void shouldEndAlsoWhileItIsSuspended() {
        ChildProcess child = shell("exec sleep 60").start();
        child.suspend();
        assertThat(child.isAlive()).isTrue();
        child.end();
        assertThat(child.awaitExit(PATIENCE))
                .as("it hears SIGTERM once it goes on")
                .isEqualTo(128 + 15);
    }

    @Test
    void shouldQuoteItsLastWords() {
        ChildProcess child = shell("echo first; echo $WORD >&2; exit 7").start();
        assertThat(child.awaitExit(PATIENCE)).isEqualTo(7);
        assertThat(child.lastWords()).isEqualTo("spoken");
    }

    @Test
    void shouldSayWhenItRunsOn() {
        try (ChildProcess child = shell("exec sleep 60").start()) {
            assertThat(child.awaitExit(MOMENT)).isNull();
        }
    }

    @Test
    void shouldSayThatItCannotBeStarted() {
        ChildProcess child = ChildProcess.of("nobody", new ProcessBuilder("/no/such/program"), log());
        assertThatExceptionOfType(UserError.class)
                .isThrownBy(child::start)
                .withMessageContaining("cannot start nobody");
    }

    private ChildProcess shell(String script) {
        ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", script);
        builder.environment().put("WORD", "spoken");
        return ChildProcess.of("shell", builder, log());
    }

    private Path log() {
        return folder.resolve("child.log");
    }
}
