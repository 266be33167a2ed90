package io.instabilityguard.evaluation.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.Lab;
import io.instabilityguard.evaluation.chaos.fault.FaultKind;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChaosIT {
    private static final int TRIALS = 20;
    private static final long SEED = 20261122;
    private static final Path TRAINER = Lab.home().resolve("evaluation/src/main/python/chaos_trainer.py");

    @TempDir
    Path folder;

    @Test
    void shouldFindNoViolationWhateverDies() {
        Path file = folder.resolve("chaos.json");
        ChaosReport report = new ChaosCampaign(Lab.python(), TRAINER)
                .run(ChaosReport.of("test", SEED, List.of()), TRIALS, (so, latest) -> so.write(file));
        assertThat(report.results()).flatExtracting(TrialResult::violations).isEmpty();
        assertThat(report.byFault()).containsOnlyKeys(FaultKind.values());
        assertThat(report.applications()).as("commands that were applied").isPositive();
        assertThat(ChaosReport.read(file, "test", SEED))
                .as("can be taken up again")
                .isEqualTo(report);
    }
}
