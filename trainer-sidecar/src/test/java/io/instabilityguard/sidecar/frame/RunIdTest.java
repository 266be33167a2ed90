package io.instabilityguard.sidecar.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run id can be no path, whoever makes a file name of it. */
class RunIdTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "../run",
                "..",
                ".",
                ".run",
                "/etc/passwd",
                "a/b",
                "a\\b",
                "a\u0000",
                "a\nb",
                "",
                " ",
                "C:run",
                "ä"
            })
    void shouldRefuseWhatCouldLeadElsewhere(String run) {
        assertThatThrownBy(() -> Messages.hello(run, 5).build()).hasMessageStartingWith("run ");
    }

    @Test
    void shouldRefuseOneThatIsTooLong() {
        assertThatThrownBy(() -> Messages.hello("x".repeat(201), 5).build()).hasMessageStartingWith("run ");
        assertThat(Messages.hello("x".repeat(200), 5).build().run()).hasSize(200);
    }
}
