package io.instabilityguard.guard.progress;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.SetClock;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class ProgressTest {

    private static final String ERASED = "\r\u001b[K";

    private final StringBuilder terminal = new StringBuilder();
    private final SetClock clock = new SetClock(Instant.EPOCH);
    private final Progress progress = new Progress("trials", 20, terminal::append, clock);

    @Test
    void shouldSayHowMuchIsDoneAndHowLongTheRestTakes() {
        clock.advance(Duration.ofSeconds(30));
        progress.done(5);
        assertThat(terminal).hasToString(ERASED + "trials 5/20, 1 min left");

        clock.advance(Duration.ofSeconds(3_570));
        progress.done(1);
        assertThat(terminal).endsWith(ERASED + "trials 6/20, 2 h 20 min left");

        clock.advance(Duration.ofSeconds(100));
        progress.done(14);
        assertThat(terminal).endsWith(ERASED + "trials 20/20, 0 s left");
    }

    @Test
    void shouldLeaveNothingBehind() {
        progress.done(1);
        progress.close();
        assertThat(terminal).endsWith(ERASED);
        int written = terminal.length();
        progress.close();
        assertThat(terminal).hasSize(written);
    }

    @Test
    void shouldPrintAboveTheLineWhatStays() {
        progress.above(() -> terminal.append("begun\n"));
        assertThat(terminal).hasToString("begun\n");

        progress.done(1);
        progress.above(() -> terminal.append("trial 1: ok\n"));

        assertThat(terminal).endsWith(ERASED + "trial 1: ok\n" + ERASED + "trials 1/20");
    }

    @Test
    void shouldNotRewriteTheLineMoreOftenThanAnybodyReads() {
        for (int i = 0; i < 20; i++) {
            progress.done(1);
        }
        assertThat(terminal).hasToString(ERASED + "trials 1/20");
    }

    @Test
    void shouldWriteNothingWhereNobodyWatches() {
        assertThat(Boolean.getBoolean("guard.progress")).isFalse();
        PrintStream before = System.err;
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        System.setErr(new PrintStream(errors, true));
        try (Progress unseen = Progress.of("trials", 20, true)) {
            unseen.done(3);
            assertThat(unseen).hasToString("3/20");
        } finally {
            System.setErr(before);
        }
        assertThat(errors.toByteArray()).isEmpty();
    }
}
