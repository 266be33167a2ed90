package io.instabilityguard.sidecar.spectrum.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TimingTest {
    @Test
    void shouldGivePercentilesByNearestRank() {
        Timing timing = new Timing(5, 1, 4, 2, 3);
        assertThat(timing.median()).isEqualTo(3);
        assertThat(timing.percentile(10)).isEqualTo(1);
        assertThat(timing.percentile(90)).isEqualTo(5);
        assertThat(new Timing(7).median()).isEqualTo(7);
    }

    @Test
    void shouldPrepareBeforeEveryRepetitionAndTheWarmUp() {
        StringBuilder calls = new StringBuilder();
        Timing.of(5, () -> calls.append('p'), () -> calls.append('w'));
        assertThat(calls).hasToString("pw".repeat(6));
    }
}
