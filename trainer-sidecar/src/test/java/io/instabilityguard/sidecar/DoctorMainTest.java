package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DoctorMainTest {
    @Test
    void shouldSayOneLineOfEachWhateverTheMachineHas() {
        List<DoctorMain.Line> lines =
                DoctorMain.examine(Map.of("GUARD_PYTHON", "/nonexistent/python"), Optional.empty());
        assertThat(lines)
                .extracting(DoctorMain.Line::about)
                .containsExactly("Java", "Python", "Numerics", "GPU", "Socket");
        assertThat(lines)
                .allSatisfy(line -> assertThat(line.finding()).isNotBlank().doesNotContain("\n"));
        assertThat(lines.get(1).finding()).isEqualTo("/nonexistent/python cannot be run");
        assertThat(lines.get(1).fix()).isEqualTo("set GUARD_PYTHON to a Python 3 that has torch");
        assertThat(lines.get(1).ready()).isFalse();
        assertThat(lines.get(2).finding()).endsWith("; self-check passed");
        assertThat(lines.get(3).ready()).isTrue();
    }

    @Test
    void shouldMissAPythonThatIsNotNamed() {
        assertThat(DoctorMain.examine(Map.of(), Optional.empty()).get(1).finding())
                .isEqualTo("none with torch");
    }
}
