package io.instabilityguard.evaluation.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.instabilityguard.evaluation.Lab;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.history.CompositeGain;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Real PyTorch and a real sidecar, without a broker. */
class PreflightIT {
    private final Preflight preflight = new Preflight(Duration.ofMinutes(3));

    @Test
    void shouldProfileEveryBlockAndComposeEveryMixing() {
        PreflightReport report = PreflightReport.of(preflight.run(trainer("D12")));
        assertThat(report.blocks())
                .hasSize(12)
                .allSatisfy(block -> assertThat(block.name()).isNotEmpty());
        assertThat(report.matrices())
                .filteredOn(matrix -> matrix.name().contains("attention."))
                .hasSize(48)
                .noneMatch(PreflightReport.Matrix::isTooLow);
        CompositeGain gain = Objects.requireNonNull(report.composite());
        assertThat(gain.layers()).isEqualTo(24);
        assertThat(gain.forward()).isCloseTo(1, within(0.2));
    }

    @Test
    void shouldSayWhenAScriptFails() {
        assertThatExceptionOfType(UserError.class)
                .isThrownBy(() -> preflight.run(new ProcessBuilder("false")))
                .withMessageContaining("exit code 1");
    }

    private static ProcessBuilder trainer(String scenario) {
        return Lab.python().process(PreflightCommand.trainerArguments(scenario, 0));
    }

    @Test
    void shouldSayWhenAScriptReportsNothing() {
        ProcessBuilder silent = Lab.python().process(List.of("-c", "pass"));
        assertThatExceptionOfType(UserError.class)
                .isThrownBy(() -> preflight.run(silent))
                .withMessageContaining("before anything was measured");
    }
}
