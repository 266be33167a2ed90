package io.instabilityguard.evaluation.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AurocTest {
    /** Four pairs: 3 > 1, 3 > 2, 2 > 1 and the tie 2 = 2. */
    @Test
    void shouldCountPairsAndTiesHalf() {
        assertThat(Auroc.of(new double[] {3, 2}, new double[] {2, 1})).isEqualTo(3.5 / 4);
    }

    @Test
    void shouldBeOneWhenAllPositivesAreAboveAndZeroWhenBelow() {
        double[] high = {5, 6, 7};
        double[] low = {-1, 0, 4};
        assertThat(Auroc.of(high, low)).isOne();
        assertThat(Auroc.of(low, high)).isZero();
    }

    @Test
    void shouldKnowNothingWithoutBothSamples() {
        assertThat(Auroc.of(new double[0], new double[] {1})).isNaN();
        assertThat(Auroc.interval(new double[] {1}, new double[0], 10, 1)).isEqualTo(Interval.UNKNOWN);
    }

    @Test
    void shouldDrawTheSameIntervalAroundTheAreaForTheSameSeed() {
        double[] positives = {3, 1, 4, 1, 5, 9, 2, 6};
        double[] negatives = {2, 7, 1, 8, 2, 8, 1, 8};
        Interval interval = Auroc.interval(positives, negatives, 500, 7);
        assertThat(interval).isEqualTo(Auroc.interval(positives, negatives, 500, 7));
        assertThat(Auroc.of(positives, negatives)).isBetween(interval.low(), interval.high());
        assertThat(interval.low()).isLessThan(interval.high());
    }
}
