package io.instabilityguard.guard.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RunPatternTest {

    @ParameterizedTest
    @CsvSource({
        "*, anything, true",
        "run-1, run-1, true",
        "run-1, run-12, false",
        "run-?, run-1, true",
        "run-?, run-, false",
        "sweep-*-7, sweep-a-b-7, true",
        "sweep-*-7, sweep-a-b-8, false",
        "*a*a*a, banana, true",
        "*a*a*a*a, banana, false"
    })
    void shouldFitRuns(String pattern, String run, boolean fits) {
        assertThat(new RunPattern(pattern).matches(run)).isEqualTo(fits);
    }

    @Test
    void shouldSayNoToAHostilePatternAtOnce() {
        assertThat(new RunPattern("*a".repeat(90) + "b").matches("a".repeat(200)))
                .isFalse();
    }

    @Test
    void shouldOrderFromSpecificToGeneral() {
        assertThat(Stream.of("*", "run-*", "r?n-1", "run-1", "run-**", "sun-*")
                        .map(RunPattern::new)
                        .sorted())
                .extracting(RunPattern::text)
                .containsExactly("run-1", "r?n-1", "run-*", "sun-*", "run-**", "*");
    }

    @Test
    void shouldRefuseWhatNoRunFits() {
        assertThatExceptionOfType(PolicyException.class)
                .isThrownBy(() -> new RunPattern("a/b"))
                .withMessageStartingWith("pattern: must be");
    }
}
