package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.evaluation.GuardProcess;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.campaign.Plan.Cell;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.evaluation.trainer.Python;
import io.instabilityguard.guard.progress.Progress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Trains what is not finished yet, two trainer processes at a time: first the plain methods, then the guarded ones, those
 * with equal settings against one all-in-one process. A run that fails is told and left for the next call.
 */
final class Campaign {
    private static final int TRAINERS = 2;
    private static final int RUNS_PER_GUARD = 300;

    private final Python python;
    private final RunStore store;
    private final Keys keys;
    private final Optional<Traces> traces;
    private final Consumer<String> out;
    private final boolean isShown;
    private final List<String> failures = new ArrayList<>();

    /**
     * A campaign.
     *
     * @param out told one line per finished process
     * @param isShown whether whoever watches is shown how far it is
     */
    Campaign(Python python, RunStore store, Keys keys, Optional<Traces> traces, Consumer<String> out, boolean isShown) {
        this.python = python;
        this.store = store;
        this.keys = keys;
        this.traces = traces;
        this.out = out;
        this.isShown = isShown;
    }

    /** Trains; what went wrong, one line each. */
    List<String> run(List<Cell> cells) {
        List<Task> tasks = Task.of(cells, run -> store.has(keys.of(run.cell(), run.seed())));
        int total = runs(tasks);
        int finished = cells.stream().mapToInt(cell -> cell.seeds().count()).sum() - total;
        out.accept("%d runs to do, %d are in the store already".formatted(total, finished));
        try (Progress progress = Progress.of("runs", total, isShown)) {
            train(
                    tasks.stream()
                            .filter(task -> !task.cell().method().isGuarded())
                            .toList(),
                    Optional.empty(),
                    progress);
            bySetting(tasks)
                    .forEach((setting, guarded) -> batches(guarded).forEach(batch -> guard(setting, batch, progress)));
        }
        return List.copyOf(failures);
    }

    private static int runs(List<Task> tasks) {
        return tasks.stream().mapToInt(task -> task.seeds().count()).sum();
    }

    private Map<GuardSetting, List<Task>> bySetting(List<Task> tasks) {
        Map<GuardSetting, List<Task>> bySetting = new LinkedHashMap<>();
        tasks.stream()
                .filter(task -> task.cell().method().isGuarded())
                .forEach(task -> bySetting
                        .computeIfAbsent(keys.setting(task.cell().method()), setting -> new ArrayList<>())
                        .add(task));
        return bySetting;
    }

    /** A guard is not asked to remember more runs than a few hundred. */
    private static List<List<Task>> batches(List<Task> tasks) {
        List<List<Task>> batches = new ArrayList<>();
        for (Task task : tasks) {
            if (batches.isEmpty() || runs(batches.get(batches.size() - 1)) >= RUNS_PER_GUARD) {
                batches.add(new ArrayList<>());
            }
            batches.get(batches.size() - 1).add(task);
        }
        return batches;
    }

    private void guard(GuardSetting setting, List<Task> tasks, Progress progress) {
        progress.above(() -> out.accept("starting broker, guard and sidecar ..."));
        try (GuardProcess guard = setting.start();
                RunObserver observer = RunObserver.start(guard.endpoints().bootstrapServers())) {
            train(tasks, Optional.of(new GuardConnection(guard, observer, keys.delay())), progress);
            if (!guard.isAlive()) {
                throw UserError.environment("the guard's process died: run again to go on without it");
            }
        }
    }

    private void train(List<Task> tasks, Optional<GuardConnection> guard, Progress progress) {
        ExecutorService trainers = Executors.newFixedThreadPool(TRAINERS);
        try {
            List<Future<?>> running = new ArrayList<>();
            tasks.forEach(task -> running.add(trainers.submit(() -> train(task, guard, progress))));
            for (Future<?> task : running) {
                await(task);
            }
        } finally {
            trainers.shutdownNow();
        }
    }

    private void train(Task task, Optional<GuardConnection> guard, Progress progress) {
        CellTraining training = new CellTraining(python, store, keys, traces, guard);
        try {
            int lost = training.train(task);
            finished(task, task + " " + lost + " of " + task.seeds().count() + " lost", progress);
        } catch (UserError e) {
            String failure = task + " failed: " + e.getMessage();
            synchronized (failures) {
                failures.add(failure);
            }
            finished(task, failure, progress);
        }
    }

    private void finished(Task task, String what, Progress progress) {
        progress.done(task.seeds().count());
        progress.above(() -> out.accept("[" + progress + "] " + what));
    }

    private static void await(Future<?> task) {
        try {
            task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw UserError.environment("interrupted: run again to go on");
        }
    }
}
