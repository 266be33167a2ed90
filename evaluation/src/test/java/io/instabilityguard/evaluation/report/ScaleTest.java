package io.instabilityguard.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ScaleTest {
    @Test
    void shouldMapTheEndsToTheEndsAndClampBeyond() {
        Scale scale = Scale.linear(2, 4, 100, 0);
        assertThat(scale.pixel(2)).isEqualTo(100);
        assertThat(scale.pixel(3)).isEqualTo(50);
        assertThat(scale.pixel(4)).isEqualTo(0);
        assertThat(scale.pixel(1e9)).isEqualTo(0);
        assertThat(scale.pixel(-1e9)).isEqualTo(100);
    }

    @Test
    void shouldMakeDecadesEquallyLong() {
        Scale scale = Scale.logarithmic(0.01, 100, 0, 400);
        assertThat(scale.pixel(0.1)).isCloseTo(100, within(1e-9));
        assertThat(scale.pixel(10)).isCloseTo(300, within(1e-9));
    }

    @Test
    void shouldLabelRoundValues() {
        assertThat(Scale.linear(0, 500, 0, 1).ticks()).containsExactly(0.0, 100.0, 200.0, 300.0, 400.0, 500.0);
        assertThat(Scale.logarithmic(0.1, 1000, 0, 1).ticks().stream().map(Scale::label))
                .containsExactly("0.1", "1", "10", "100", "1000");
    }

    @Test
    void shouldSurviveARangeOfNoLength() {
        assertThat(Scale.linear(3, 3, 0, 10).pixel(3)).isFinite();
        assertThat(Scale.logarithmic(0, 0, 0, 10).pixel(0)).isFinite();
    }
}
