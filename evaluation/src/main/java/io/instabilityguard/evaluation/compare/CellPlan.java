package io.instabilityguard.evaluation.compare;

import io.instabilityguard.evaluation.trainer.Seeds;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import java.util.Locale;

/**
 * One cell of the table, still to be measured.
 *
 * @param scenario configuration of the reference trainer
 * @param method {@code none}, a rival, a control or {@code guard}
 * @param seeds of its runs
 * @param delay lockstep delay of the guard, in steps; 0 for other methods
 * @param purpose where its numbers go
 */
record CellPlan(String scenario, String method, Seeds seeds, int delay, Purpose purpose) {
    /** Why a cell is measured. */
    enum Purpose {
        /** Belongs to the table. */
        RESULT,
        /** Something to compare with; printed only. */
        CONTROL,
        /** The guard again with another delay; printed only. */
        SENSITIVITY
    }

    boolean isGuarded() {
        return method.equals(TrainerJob.GUARD);
    }

    /** Start of the names of its runs; the trainer appends the seed. */
    String runPrefix() {
        return "evaluate-" + scenario.toLowerCase(Locale.ROOT) + "-delay-" + delay;
    }

    /** The method as printed. */
    String label() {
        return purpose == Purpose.SENSITIVITY ? method + ", delay " + delay : method;
    }
}
