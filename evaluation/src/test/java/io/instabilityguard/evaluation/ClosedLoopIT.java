package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.instabilityguard.evaluation.history.HistoryRecorder;
import io.instabilityguard.evaluation.history.RunHistory;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.evaluation.trainer.GuardedBy;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LayerChange;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.OutcomeStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Real PyTorch, real sidecar, real broker, real topology. */
class ClosedLoopIT {
    private static final int STEPS = 70;
    private static final Offset<Float> ROUNDING = within(1e-3f);
    private final Path folder = Lab.folder();

    @Test
    void shouldRepairTheAttentionOfARunningModelBeforeItCollapses() {
        try (AllInOne guard = AllInOne.start(Lab.enforcing(folder))) {
            RunHistory history = train(guard);
            assertThat(history.telemetry()).hasSize(STEPS);
            assertThat(history.raised()).isNotEmpty();
            InterventionCommand command = history.commands().get(0);
            assertThat(command.getKind()).isEqualTo(InterventionKind.APPLY_MSIGN);
            InterventionOutcome outcome = history.outcomes().get(0);
            assertThat(outcome.getCommandId()).isEqualTo(command.getId());
            assertThat(outcome.getStatus()).isEqualTo(OutcomeStatus.APPLIED);
            assertThat(outcome.getStep()).isBetween(command.getApplyAtStep(), command.getExpiresAtStep());
            assertThat(outcome.getChanges()).hasSameSizeAs(command.getLayers()).allSatisfy(ClosedLoopIT::isRepaired);
            assertThat(firstSampleFrom(outcome.getStep() + 1, history))
                    .allSatisfy(
                            layer -> assertThat(layer.getStableRank()).isGreaterThan(repairedRank(outcome, layer) / 2));
        }
    }

    private RunHistory train(AllInOne guard) {
        GuardedBy guardedBy = GuardedBy.lockstep(Lab.socketIn(folder), "closed-loop", 1);
        TrainerJob job = TrainerJob.guarded("CS", 0, guardedBy).lasting(STEPS);
        HistoryRecorder recorder = new HistoryRecorder("closed-loop");
        List<Integer> steps = new ArrayList<>();
        try (RunObserver observer = RunObserver.start(guard.endpoints().bootstrapServers());
                TrainerProcess trainer = TrainerProcess.start(Lab.python(), job)) {
            observer.add(recorder);
            List<TrainerResult> results = trainer.follow(step -> steps.add(step.step()));
            assertThat(results).singleElement().extracting(TrainerResult::steps).isEqualTo(STEPS);
            assertThat(recorder.awaitStep(STEPS - 1, Duration.ofSeconds(30))).isTrue();
            observer.drain(Duration.ofSeconds(10));
        }
        assertThat(steps).hasSize(STEPS);
        return recorder.history();
    }

    private static void isRepaired(LayerChange change) {
        LayerSpectrum before = change.getBefore();
        LayerSpectrum after = change.getAfter();
        assertThat(change.getReplaced()).isTrue();
        assertThat(after.getFrobeniusNorm() / before.getFrobeniusNorm()).isCloseTo(1, ROUNDING);
        assertThat(after.getSpectralNorm()).isLessThan(before.getSpectralNorm());
        assertThat(after.getStableRank()).isGreaterThan(0.9f * Math.min(after.getRows(), after.getColumns()));
    }

    /** The trainer's own weights as sampled after the repair. */
    private static List<LayerSpectrum> firstSampleFrom(long step, RunHistory history) {
        return history.telemetry().stream()
                .filter(telemetry -> !telemetry.getLayers().isEmpty() && telemetry.getSpectraStep() >= step)
                .findFirst()
                .orElseThrow()
                .getLayers()
                .stream()
                .filter(layer -> layer.getName().contains("attention"))
                .toList();
    }

    private static float repairedRank(InterventionOutcome outcome, LayerSpectrum layer) {
        return outcome.getChanges().stream()
                .map(LayerChange::getBefore)
                .filter(before -> before.getName().equals(layer.getName()))
                .findFirst()
                .orElseThrow()
                .getStableRank();
    }
}
