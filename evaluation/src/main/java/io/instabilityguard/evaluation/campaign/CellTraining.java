package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.campaign.RunRecord.GuardPart;
import io.instabilityguard.evaluation.history.HistoryRecorder;
import io.instabilityguard.evaluation.history.RunHistory;
import io.instabilityguard.evaluation.trainer.Python;
import io.instabilityguard.evaluation.trainer.StepLine;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One trainer process: its seeds one after another, each into the store as soon as it ends.
 *
 * @param guard of guarded methods
 */
record CellTraining(
        Python python, RunStore store, Keys keys, Optional<Traces> traces, Optional<GuardConnection> guard) {
    private static final MathContext DIGITS = new MathContext(4);
    private static final Duration LAST_RECORDS = Duration.ofSeconds(5);
    private static final Duration SETTLING = Duration.ofMillis(500);

    /**
     * Trains.
     *
     * @return how many runs diverged or collapsed
     * @throws UserError when the trainer fails; finished seeds are in the store all the same
     */
    int train(Task task) {
        Map<Integer, HistoryRecorder> recorders = recorders(task);
        List<StepLine> steps = new ArrayList<>();
        int[] lost = {0};
        try (TrainerProcess trainer = TrainerProcess.start(python, job(task))) {
            trainer.follow(steps::add, result -> {
                keep(task, result, steps, recorders.get(result.seed()));
                lost[0] += result.survived() ? 0 : 1;
                steps.clear();
            });
        } finally {
            guard.ifPresent(one -> recorders.values().forEach(one.observer()::remove));
        }
        return lost[0];
    }

    private Map<Integer, HistoryRecorder> recorders(Task task) {
        Map<Integer, HistoryRecorder> recorders = new HashMap<>();
        guard.ifPresent(one -> task.seeds().stream().forEach(seed -> {
            HistoryRecorder recorder = new HistoryRecorder(runPrefix(task) + "-" + seed);
            one.observer().add(recorder);
            recorders.put(seed, recorder);
        }));
        return recorders;
    }

    private TrainerJob job(Task task) {
        String prefix = runPrefix(task);
        String name = task.seeds().count() == 1 ? prefix + "-" + task.seeds().first() : prefix;
        return new TrainerJob(
                task.cell().scenario(),
                task.cell().method().trainerMethod(),
                task.seeds(),
                1,
                true,
                null,
                null,
                guard.map(one -> one.guardedBy(name)).orElse(null));
    }

    /** New for every process: the guard takes a name that it knows for a restart. */
    private static String runPrefix(Task task) {
        return (task.cell().scenario() + "-" + task.cell().method().name() + "-"
                        + task.seeds().first())
                .toLowerCase(Locale.ROOT);
    }

    private void keep(Task task, TrainerResult result, List<StepLine> steps, @Nullable HistoryRecorder recorder) {
        Optional<RunHistory> history = Optional.ofNullable(recorder).map(one -> history(one, result.seed(), steps));
        history.ifPresent(one -> traces.ifPresent(folder ->
                folder.write(task.cell().scenario(), task.cell().method().name(), result.seed(), one.telemetry())));
        Optional<GuardPart> part = history.map(GuardedRun::of);
        store.add(new RunRecord(
                keys.of(task.cell(), result.seed()),
                Launch.commit(),
                result,
                steps.stream().map(step -> rounded(step.loss())).toList(),
                rounded(steps.stream().mapToDouble(StepLine::gradientNorm).max().orElse(Double.NaN)),
                part.orElse(null)));
    }

    /** The topics are a little behind the trainer. */
    private RunHistory history(HistoryRecorder recorder, int seed, List<StepLine> steps) {
        int last = steps.get(steps.size() - 1).step();
        if (!recorder.awaitStep(last, LAST_RECORDS)) {
            throw UserError.environment("the guard did not hear the end of seed " + seed);
        }
        recorder.awaitAnswer(last, LAST_RECORDS);
        guard.ifPresent(one -> one.observer().drain(SETTLING));
        RunHistory history = recorder.history();
        guard.ifPresent(one -> one.observer().remove(recorder));
        return history;
    }

    private static @Nullable Double rounded(double value) {
        return Double.isFinite(value) ? new BigDecimal(value).round(DIGITS).doubleValue() : null;
    }
}
