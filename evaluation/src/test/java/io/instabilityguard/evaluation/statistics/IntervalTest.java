package io.instabilityguard.evaluation.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class IntervalTest {
    /** By hand: centre .176741, half width .133298. */
    @Test
    void shouldGiveWilsonsIntervalForThreeOf24() {
        Interval interval = Interval.wilson(3, 24);
        assertThat(interval.low()).isCloseTo(0.0434, within(1e-4));
        assertThat(interval.high()).isCloseTo(0.3100, within(1e-4));
    }

    /** By hand: z² / (n + z²) = 3.8415 / 23.8415. */
    @Test
    void shouldNotClaimCertaintyForNoneOf20() {
        assertThat(Interval.wilson(0, 20).low()).isZero();
        assertThat(Interval.wilson(0, 20).high()).isCloseTo(0.1611, within(1e-4));
        assertThat(Interval.wilson(20, 20).low()).isCloseTo(1 - 0.1611, within(1e-4));
        assertThat(Interval.wilson(20, 20).high()).isOne();
    }

    @Test
    void shouldKnowNothingWithoutTrials() {
        assertThat(Interval.wilson(0, 0)).isEqualTo(Interval.UNKNOWN);
        assertThatIllegalArgumentException().isThrownBy(() -> Interval.wilson(2, 1));
    }
}
