package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.trainer.GuardedBy;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class GuardDeathIT {
    private static final int STEPS = 90;

    @Test
    void shouldLetTrainingGoOnWhenTheGuardIsKilled() {
        try (GuardProcess guard = GuardProcess.start(List.of())) {
            GuardedBy guardedBy = GuardedBy.lockstep(Path.of(guard.endpoints().socket()), "bereaved", 1);
            TrainerJob job = TrainerJob.guarded("S-stable", 0, guardedBy).lasting(STEPS);
            try (TrainerProcess trainer = TrainerProcess.start(Lab.python(), job)) {
                List<TrainerResult> results = trainer.follow(step -> {
                    if (step.step() == 30) {
                        guard.kill();
                    }
                });
                assertThat(guard.isAlive()).isFalse();
                assertThat(results).singleElement().satisfies(result -> {
                    assertThat(result.steps()).isEqualTo(STEPS);
                    assertThat(result.diverged()).isFalse();
                });
                assertThat(trainer.warnings())
                        .filteredOn(line -> line.contains("training goes on without the guard"))
                        .as("says once that it goes on alone")
                        .hasSize(1);
            }
        }
    }
}
