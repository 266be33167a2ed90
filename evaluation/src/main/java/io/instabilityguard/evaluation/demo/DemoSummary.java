package io.instabilityguard.evaluation.demo;

import io.instabilityguard.evaluation.history.RunHistory;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.InterventionCommand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The contents of {@code summary.json}.
 *
 * @param scenario label of the scenario
 * @param seed of weights and batches
 * @param unguarded plain PyTorch
 * @param guarded with the guard
 * @param loopLatencyMs per step that waited for the guard: telemetry produced until the guard's answer is read
 *     read-committed
 * @param hookOverheadPercent median cost of the hook over the median unguarded step, waits excluded
 */
record DemoSummary(
        String scenario,
        int seed,
        Unguarded unguarded,
        Guarded guarded,
        Latency loopLatencyMs,
        @Nullable Double hookOverheadPercent) {
    record Unguarded(
            boolean diverged,
            @Nullable Integer divergedAtStep,
            @Nullable Double finalLoss,
            int steps) {}

    record Guarded(
            boolean diverged, @Nullable Double finalLoss, int steps, List<Raised> anomalies, List<Command> commands) {}

    record Raised(String detector, List<String> layers, long step) {}

    record Command(
            String id,
            String kind,
            List<String> layers,
            long decidedAtStep,
            @Nullable Long appliedAtStep,
            String verdict) {}

    record Latency(@Nullable Double p50, @Nullable Double p99) {}

    static DemoSummary of(DemoResult result) {
        TrainerResult without = result.unguarded().result();
        return new DemoSummary(
                result.scenario().label(),
                result.seed(),
                new Unguarded(without.diverged(), without.divergedAtStep(), without.finalLoss(), without.steps()),
                guarded(result.guarded().result(), result.history()),
                new Latency(
                        finite(result.loopMillis().at(50)),
                        finite(result.loopMillis().at(99))),
                finite(result.hookOverheadPercent()));
    }

    private static Guarded guarded(TrainerResult with, RunHistory history) {
        return new Guarded(
                with.diverged(),
                with.finalLoss(),
                with.steps(),
                history.raised().stream().map(DemoSummary::raised).toList(),
                history.commands().stream()
                        .map(command -> command(command, history))
                        .toList());
    }

    private static Raised raised(Anomaly anomaly) {
        return new Raised(
                anomaly.getEvidence().getDetector(), anomaly.getEvidence().getLayers(), anomaly.getStep());
    }

    private static Command command(InterventionCommand command, RunHistory history) {
        return new Command(
                command.getId(),
                command.getKind().name(),
                command.getLayers(),
                command.getDecidedAtStep(),
                history.appliedAtStep(command).orElse(null),
                history.verdict(command).name());
    }

    /** JSON has no word for NaN. */
    private static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
