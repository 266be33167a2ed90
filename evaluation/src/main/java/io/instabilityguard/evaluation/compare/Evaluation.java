package io.instabilityguard.evaluation.compare;

import io.instabilityguard.evaluation.GuardProcess;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.evaluation.trainer.GuardedBy;
import io.instabilityguard.evaluation.trainer.Python;
import io.instabilityguard.evaluation.trainer.Seeds;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Measures the cells of a plan, two trainer processes at a time. All guarded runs share one all-in-one process; every
 * trainer process does up to ten seeds.
 *
 * @param python runs the trainers
 * @param guard guards the guarded runs
 * @param progress told one line per finished process
 */
record Evaluation(Python python, GuardProcess guard, Consumer<String> progress) {
    private static final int TRAINERS = 2;
    private static final int SEEDS_PER_PROCESS = 10;
    private static final int SILENT = 1_000_000;
    private static final Duration LAST_RECORDS = Duration.ofSeconds(1);

    /** The results of one cell, with how they are to be read. */
    record Measured(CellPlan plan, Cell cell, int weightCommands) {}

    List<Measured> measure(List<CellPlan> plans) {
        CommandTally tally = new CommandTally();
        ExecutorService trainers = Executors.newFixedThreadPool(TRAINERS);
        try (RunObserver observer = RunObserver.start(guard.endpoints().bootstrapServers())) {
            observer.add(tally);
            Map<CellPlan, List<Future<List<TrainerResult>>>> running = new LinkedHashMap<>();
            plans.forEach(plan -> running.put(
                    plan,
                    chunks(plan.seeds()).stream()
                            .map(seeds -> trainers.submit(() -> train(plan, seeds)))
                            .toList()));
            Map<CellPlan, List<TrainerResult>> results = new LinkedHashMap<>();
            running.forEach((plan, futures) -> results.put(plan, await(futures)));
            observer.drain(LAST_RECORDS);
            warnOf(tally.dropped());
            return results.entrySet().stream()
                    .map(entry -> measured(entry.getKey(), entry.getValue(), tally))
                    .toList();
        } finally {
            trainers.shutdownNow();
        }
    }

    private static Measured measured(CellPlan plan, List<TrainerResult> results, CommandTally tally) {
        return new Measured(
                plan, Cell.of(plan, results, tally), plan.isGuarded() ? tally.weightCommands(plan.runPrefix()) : 0);
    }

    private void warnOf(long dropped) {
        if (!guard.isAlive()) {
            throw UserError.environment(
                    "the guard's process died during the evaluation: its numbers would mean nothing");
        }
        if (dropped > 0) {
            progress.accept("warning: " + dropped + " messages were dropped between trainers and Kafka");
        }
    }

    private static List<Seeds> chunks(Seeds seeds) {
        List<Seeds> chunks = new ArrayList<>();
        for (int first = seeds.first(); first <= seeds.last(); first += SEEDS_PER_PROCESS) {
            chunks.add(new Seeds(first, Math.min(seeds.last(), first + SEEDS_PER_PROCESS - 1)));
        }
        return chunks;
    }

    private List<TrainerResult> train(CellPlan plan, Seeds seeds) {
        try (TrainerProcess trainer = TrainerProcess.start(python, job(plan, seeds))) {
            List<TrainerResult> results = trainer.follow(step -> {});
            long lost = results.stream().filter(TrainerResult::diverged).count();
            progress.accept("%-12s %-16s seeds %-6s %d of %d lost"
                    .formatted(plan.scenario(), plan.label(), seeds, lost, results.size()));
            return results;
        }
    }

    private TrainerJob job(CellPlan plan, Seeds seeds) {
        String name = seeds.count() == 1 ? plan.runPrefix() + "-" + seeds.first() : plan.runPrefix();
        GuardedBy guardedBy = GuardedBy.lockstep(Path.of(guard.endpoints().socket()), name, plan.delay());
        return new TrainerJob(
                plan.scenario(), plan.method(), seeds, SILENT, true, null, null, plan.isGuarded() ? guardedBy : null);
    }

    private static List<TrainerResult> await(List<Future<List<TrainerResult>>> futures) {
        List<TrainerResult> results = new ArrayList<>();
        for (Future<List<TrainerResult>> future : futures) {
            try {
                results.addAll(future.get());
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException failure) {
                    throw failure;
                }
                throw new IllegalStateException(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw UserError.environment("interrupted while evaluating");
            }
        }
        return results;
    }
}
