package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DoctorMainTest {
    @Test
    void shouldSayOneLineOfEachWhateverTheMachineHas() {
        List<DoctorMain.Line> lines = DoctorMain.examine(Map.of("GUARD_PYTHON", "/nonexistent/python"));
        assertThat(lines).extracting(DoctorMain.Line::about).containsExactly("Java", "Python", "Numerics", "GPU");
        assertThat(lines)
                .allSatisfy(line -> assertThat(line.finding()).isNotBlank().doesNotContain("\n"));
        assertThat(lines.get(1).finding())
                .isEqualTo("/nonexistent/python cannot be run: name a Python 3 that has torch");
        assertThat(lines.get(1).ready()).isFalse();
        assertThat(lines.get(2).finding()).endsWith("; self-check passed");
        assertThat(lines.get(3).ready()).isTrue();
    }

    @Test
    void shouldMissAPythonThatIsNotNamed() {
        assertThat(DoctorMain.examine(Map.of()).get(1).finding()).startsWith("none with torch");
    }
}
