package io.instabilityguard.guard.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BaselineTest {

    @Test
    void shouldTakeTheMeanOfTheMiddleTwo() {
        RunningMedian median = new RunningMedian(4);
        assertThat(median.median()).isNaN();
        DoubleStream.of(9, 1, 3).forEach(median::add);
        assertThat(median.median()).isEqualTo(3);
        median.add(5);
        assertThat(median.median()).isEqualTo(4);
        median.add(100);
        assertThat(median.median()).isEqualTo(4);
        median.add(100);
        assertThat(median.median()).isEqualTo(52.5);
    }

    @Test
    void shouldNotLetAnOutlierDragTheMeanUp() {
        WinsorisedMoments moments = new WinsorisedMoments(0.97, 0.05, 0, 3, 2);
        assertThat(moments.z(7)).isZero();
        moments.add(2);
        moments.add(2);
        moments.add(1e9);
        assertThat(moments.mean()).isCloseTo(2 + 0.03 * 3 * 0.05, within(1e-12));
        assertThat(moments.z(moments.valueAt(2.5))).isCloseTo(2.5, within(1e-9));
    }

    @Test
    void shouldLearnDropsInFull() {
        WinsorisedMoments moments = new WinsorisedMoments(0.97, 0.05, 0, 3, 0);
        moments.add(2);
        moments.add(-8);
        assertThat(moments.mean()).isCloseTo(2 - 0.03 * 10, within(1e-12));
    }

    @Test
    void shouldTellASlopeFromNoise() {
        Trend line = new Trend(8);
        Trend noise = new Trend(8);
        for (int step = 0; step < 4; step++) {
            line.add(step, 3 - 0.1 * step);
            noise.add(step, step % 2);
        }
        assertThat(line.hasClearSlope()).as("by four points").isFalse();
        for (int step = 4; step < 12; step++) {
            line.add(step, 3 - 0.1 * step);
            noise.add(step, step % 2);
        }
        assertThat(line.hasClearSlope()).isTrue();
        assertThat(noise.hasClearSlope()).isFalse();
    }

    @Test
    void shouldForecastTheStepsToALimit() {
        Trend trend = new Trend(3);
        assertThat(trend.slope()).isNaN();
        trend.add(0, 1_000);
        trend.add(10, 20);
        trend.add(20, 18);
        trend.add(30, 16);
        assertThat(trend.slope()).isCloseTo(-0.2, within(1e-12));
        assertThat(trend.firstStep()).isEqualTo(10);
        assertThat(trend.stepsTo(1)).isCloseTo(75, within(1e-9));
        assertThat(trend.stepsTo(17)).isNaN();
        assertThat(trend.stepsTo(16)).isZero();
    }

    @Test
    void shouldTakeTheMeanOfTheLastValues() {
        RecentMean mean = new RecentMean(2);
        assertThat(mean.mean()).isNaN();
        DoubleStream.of(1, 2, 4).forEach(mean::add);
        assertThat(mean.mean()).isEqualTo(3);
        mean.add(Double.NaN);
        assertThat(mean.mean()).isNaN();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 9})
    void shouldBeTheSameAfterItWasStored(int values) {
        RunningMedian median = new RunningMedian(4);
        Trend trend = new Trend(4);
        for (int i = 0; i < values; i++) {
            median.add(Math.sin(i));
            trend.add(i, Math.cos(i));
        }
        RunningMedian sameMedian = new RunningMedian(4);
        Trend sameTrend = new Trend(4);
        copy(median, sameMedian);
        copy(trend, sameTrend);
        median.add(7);
        sameMedian.add(7);
        trend.add(20, 7);
        sameTrend.add(20, 7);
        assertThat(sameMedian.median()).isEqualTo(Double.valueOf(median.median()));
        assertThat(sameTrend.slope()).isEqualTo(Double.valueOf(trend.slope()));
        assertThat(sameTrend.firstStep()).isEqualTo(Double.valueOf(trend.firstStep()));
    }

    private static void copy(Persistent from, Persistent to) {
        DoubleStream.Builder numbers = DoubleStream.builder();
        from.save(numbers);
        to.load(numbers.build().iterator()::nextDouble);
    }
}
