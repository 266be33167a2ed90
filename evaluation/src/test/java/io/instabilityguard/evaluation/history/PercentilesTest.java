package io.instabilityguard.evaluation.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PercentilesTest {
    @Test
    void shouldTakeTheSmallestValueThatEnoughOfTheSampleDoesNotExceed() {
        Percentiles hundred = Percentiles.of(
                IntStream.rangeClosed(1, 100).mapToObj(i -> (double) (101 - i)).toList());
        assertThat(hundred.at(50)).isEqualTo(50);
        assertThat(hundred.at(99)).isEqualTo(99);
        assertThat(hundred.at(100)).isEqualTo(100);
        assertThat(hundred.at(0.1)).isEqualTo(1);
    }

    @Test
    void shouldTakeTheMiddleOrTheMeanOfTheTwoMiddleValuesAsMedian() {
        assertThat(Percentiles.of(List.of(3.0, 1.0, 2.0)).median()).isEqualTo(2);
        assertThat(Percentiles.of(List.of(4.0, 1.0, 2.0, 3.0)).median()).isEqualTo(2.5);
    }

    @Test
    void shouldLeaveOutWhatIsNotFinite() {
        Percentiles values = Percentiles.of(List.of(Double.NaN, 5.0, Double.POSITIVE_INFINITY));
        assertThat(values.count()).isEqualTo(1);
        assertThat(values.at(99)).isEqualTo(5);
    }

    @Test
    void shouldHaveNoValueForAnEmptySample() {
        assertThat(Percentiles.of(List.of()).at(50)).isNaN();
        assertThat(Percentiles.of(List.of()).median()).isNaN();
    }
}
