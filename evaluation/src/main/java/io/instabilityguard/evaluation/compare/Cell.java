package io.instabilityguard.evaluation.compare;

import io.instabilityguard.evaluation.history.Percentiles;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One measured cell of the table, as it is written to JSON.
 *
 * @param scenario configuration of the reference trainer
 * @param method what protected the runs
 * @param seeds of the runs, in ascending order
 * @param diverged how many runs were lost
 * @param medianFinalLoss of the survivors; null when there is none
 * @param finalLosses one per seed, in the order of the seeds; null where it is not finite
 * @param commands how many the guard issued in all runs
 * @param falseAlarms in a healthy scenario: how many anomalies made the guard command something; 0 elsewhere
 */
record Cell(
        String scenario,
        String method,
        List<Integer> seeds,
        int diverged,
        @Nullable Double medianFinalLoss,
        List<@Nullable Double> finalLosses,
        int commands,
        int falseAlarms) {
    private static final String HEALTHY = "S-stable";

    static Cell of(CellPlan plan, List<TrainerResult> results, CommandTally tally) {
        List<TrainerResult> ordered = results.stream()
                .sorted(Comparator.comparingInt(TrainerResult::seed))
                .toList();
        double median = Percentiles.of(ordered.stream()
                        .filter(result -> !result.diverged())
                        .map(TrainerResult::finalLoss)
                        .filter(Objects::nonNull)
                        .toList())
                .median();
        return new Cell(
                plan.scenario(),
                plan.method(),
                ordered.stream().map(TrainerResult::seed).toList(),
                (int) ordered.stream().filter(TrainerResult::diverged).count(),
                Double.isFinite(median) ? median : null,
                ordered.stream().map(TrainerResult::finalLoss).toList(),
                plan.isGuarded() ? tally.commands(plan.runPrefix()) : 0,
                plan.isGuarded() && plan.scenario().equals(HEALTHY) ? tally.actedOnAnomalies(plan.runPrefix()) : 0);
    }
}
