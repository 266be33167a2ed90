package io.instabilityguard.sidecar.errors;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OneLineTest {
    /** Those beyond ASCII begin a new line on a terminal and in a browser as well; fuzzing found them. */
    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "a\r\nb", "a\u0000b", "a\u007fb", "a\u0085b", "a\u2028b", "a\u2029\u2028b"})
    void shouldLeaveOutWhateverBreaksALine(String text) {
        assertThat(OneLine.of(text)).isEqualTo("a b");
    }

    @Test
    void shouldCutALongText() {
        assertThat(OneLine.of("x".repeat(1_000))).hasSize(301).endsWith("x…");
    }
}
