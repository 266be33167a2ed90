package io.instabilityguard.evaluation.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.chaos.ChaosReport.Count;
import io.instabilityguard.evaluation.chaos.fault.Fault;
import io.instabilityguard.evaluation.chaos.fault.FaultKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChaosReportTest {
    @TempDir
    Path folder;

    @Test
    void shouldCountTrialsAndViolationsByFault() {
        ChaosReport report = ChaosReport.of("commit", 1, List.of())
                .and(result(0, List.of("lost"), FaultKind.CUT, FaultKind.CUT))
                .and(result(1, List.of(), FaultKind.CUT, FaultKind.DELAY));
        assertThat(report.trials()).isEqualTo(2);
        assertThat(report.violations()).isEqualTo(1);
        assertThat(report.byFault())
                .isEqualTo(Map.of(FaultKind.CUT, new Count(2, 1), FaultKind.DELAY, new Count(1, 0)));
        assertThat(report.longestWaitMs()).isEqualTo(7);
    }

    @Test
    void shouldBeTakenUpAgain() {
        Path file = folder.resolve("chaos.json");
        ChaosReport report = ChaosReport.of("commit", 1, List.of(result(3, List.of("lost"), FaultKind.CUT)));
        report.write(file);
        ChaosReport read = ChaosReport.read(file, "commit", 1);
        assertThat(read).isEqualTo(report);
        assertThat(read.has(3)).isTrue();
        assertThat(read.has(0)).isFalse();
    }

    @Test
    void shouldNotMixTrialsOfAnotherCommit() {
        Path file = folder.resolve("chaos.json");
        ChaosReport.of("old", 1, List.of()).write(file);
        assertThatExceptionOfType(UserError.class)
                .isThrownBy(() -> ChaosReport.read(file, "new", 1))
                .withMessageContaining("holds trials of commit old and seed 1");
    }

    private static TrialResult result(int trial, List<String> violations, FaultKind... kinds) {
        List<Fault> faults =
                Stream.of(kinds).map(kind -> new Fault(kind, 0, 1, 2, 3)).toList();
        return new TrialResult(trial, faults, violations, 4, 5, 6, 7, 8);
    }
}
