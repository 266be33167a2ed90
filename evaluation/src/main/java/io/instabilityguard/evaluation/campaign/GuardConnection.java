package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.evaluation.GuardProcess;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.evaluation.trainer.GuardedBy;
import java.nio.file.Path;

/**
 * A running guard and the eyes on its topics.
 *
 * @param process that guards
 * @param observer of its topics
 * @param delay lockstep delay, in steps
 */
record GuardConnection(GuardProcess process, RunObserver observer, int delay) {
    GuardedBy guardedBy(String runId) {
        return GuardedBy.lockstep(Path.of(process.endpoints().socket()), runId, delay);
    }
}
