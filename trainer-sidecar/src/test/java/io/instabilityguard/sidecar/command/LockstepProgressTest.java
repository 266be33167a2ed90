package io.instabilityguard.sidecar.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LockstepProgressTest {
    private final LockstepProgress progress = new LockstepProgress();

    @Test
    void shouldTellAStepOnceWhenNoCommandIsOut() {
        progress.consumed(4, 0);

        assertThat(progress.news(0)).hasValue(4);
        assertThat(progress.news(0)).isEmpty();
    }

    @Test
    void shouldWaitForTheCommandsThatTheStateCounts() {
        progress.consumed(4, 2);

        assertThat(progress.news(1)).isEmpty();
        assertThat(progress.news(2)).hasValue(4);
    }

    @Test
    void shouldIgnoreOldStates() {
        progress.consumed(4, 0);
        assertThat(progress.news(0)).hasValue(4);
        progress.consumed(3, 9);

        assertThat(progress.news(0)).isEmpty();
        progress.consumed(5, 0);
        assertThat(progress.news(0)).hasValue(5);
    }

    @Test
    void shouldSayNothingAtFirst() {
        assertThat(progress.news(0)).isEmpty();
    }
}
