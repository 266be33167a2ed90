package io.instabilityguard.evaluation.demo;

import io.instabilityguard.evaluation.GuardProcess;
import io.instabilityguard.evaluation.demo.Screen.Colour;
import io.instabilityguard.evaluation.history.HistoryRecorder;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.evaluation.trainer.GuardedBy;
import io.instabilityguard.evaluation.trainer.Python;
import io.instabilityguard.evaluation.trainer.StepLine;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Trains one seed without and with the guard.
 *
 * @param screen where people watch
 * @param python runs the trainers
 * @param guard the process that guards the guarded run
 * @param seed of weights and batches
 * @param lockstepDelay how many steps the guarded trainer may be ahead of the guard
 * @param text train on this; null for texts of the machine
 */
record Demo(
        Screen screen,
        Python python,
        GuardProcess guard,
        int seed,
        int lockstepDelay,
        @Nullable Path text) {
    private static final Duration LAST_RECORDS = Duration.ofSeconds(3);

    DemoResult run(DemoScenario scenario) {
        screen.line(Colour.HEADING, "%n%s, seed %d: %s".formatted(scenario.label(), seed, scenario.summary()));
        TrainedRun unguarded = plain(scenario, "none");
        List<TrainedRun> rivals =
                scenario.rivals().stream().map(rival -> plain(scenario, rival)).toList();
        DemoResult result = guarded(scenario, unguarded, rivals);
        screen.line(Colour.PLAIN, "");
        screen.line(result.isWorse() ? Colour.LOSS : Colour.PLAIN, DemoTable.of(result));
        return result;
    }

    private TrainedRun plain(DemoScenario scenario, String method) {
        TrainerJob job =
                TrainerJob.plain(scenario.configuration(), method, seed).on(text);
        LiveView view = view(method.equals("none") ? "unguarded" : method, scenario);
        return train(job, view, () -> true);
    }

    private DemoResult guarded(DemoScenario scenario, TrainedRun unguarded, List<TrainedRun> rivals) {
        String runId = "demo-" + scenario.label() + "-" + seed;
        GuardedBy guardedBy = GuardedBy.lockstep(Path.of(guard.endpoints().socket()), runId, lockstepDelay);
        TrainerJob job =
                TrainerJob.guarded(scenario.configuration(), seed, guardedBy).on(text);
        HistoryRecorder recorder = new HistoryRecorder(runId);
        LiveView view = view("guarded", scenario);
        try (RunObserver observer = RunObserver.start(guard.endpoints().bootstrapServers())) {
            observer.add(recorder);
            observer.add(view);
            TrainedRun guarded = train(job, view, guard::isAlive);
            recorder.awaitStep(guarded.result().steps() - 1, LAST_RECORDS); // the topics are a little behind
            return new DemoResult(
                    scenario, seed, lockstepDelay, unguarded, rivals, guarded, recorder.history(), !guard.isAlive());
        }
    }

    private LiveView view(String method, DemoScenario scenario) {
        return new LiveView(screen, method, scenario.steps(), System::currentTimeMillis);
    }

    /** Trains to the end and says so once when the guard dies on the way. */
    private TrainedRun train(TrainerJob job, LiveView view, BooleanSupplier isGuardAlive) {
        List<StepLine> steps = new ArrayList<>();
        boolean[] mourned = {false};
        try (TrainerProcess trainer = TrainerProcess.start(python, job)) {
            List<TrainerResult> results = trainer.follow(step -> {
                steps.add(step);
                view.onStep(step);
                if (!isGuardAlive.getAsBoolean() && !mourned[0]) {
                    mourned[0] = true;
                    screen.line(
                            Colour.ALARM,
                            "step %4d  the guard's process died; training goes on without it".formatted(step.step()));
                }
            });
            view.onEnd(results.get(0));
            return new TrainedRun(steps, results.get(0));
        }
    }
}
