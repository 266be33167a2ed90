package io.instabilityguard.evaluation.demo;

import io.instabilityguard.evaluation.history.Percentiles;
import io.instabilityguard.evaluation.history.RunHistory;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import java.util.List;

/**
 * All runs of one scenario on one seed.
 *
 * @param scenario which
 * @param seed of weights and batches
 * @param lockstepDelay how many steps the guarded trainer may be ahead of the guard
 * @param unguarded plain PyTorch
 * @param rivals plain PyTorch with another method
 * @param guarded with the guard
 * @param history what the topics said about the guarded run
 * @param guardDied whether the guard's process ended before the run did
 */
record DemoResult(
        DemoScenario scenario,
        int seed,
        int lockstepDelay,
        TrainedRun unguarded,
        List<TrainedRun> rivals,
        TrainedRun guarded,
        RunHistory history,
        boolean guardDied) {
    /** The guard failed: the run was lost all the same, or ended with a higher loss than the unguarded one. */
    boolean isWorse() {
        TrainerResult with = guarded.result();
        TrainerResult without = unguarded.result();
        if (with.diverged() || with.finalLoss() == null) {
            return true;
        }
        return !without.diverged() && without.finalLoss() != null && with.finalLoss() > without.finalLoss();
    }

    /** What the hook costs on a median step, as a percentage of the unguarded run's median step; waits excluded. */
    double hookOverheadPercent() {
        return history.medianHookMicros() / 1e6 / unguarded.medianSecondsPerStep() * 100;
    }

    Percentiles loopMillis() {
        return Percentiles.of(history.loopMillis());
    }
}
