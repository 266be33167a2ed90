package io.instabilityguard.evaluation.demo;

import io.instabilityguard.evaluation.trainer.TrainerResult;
import java.util.ArrayList;
import java.util.List;

/** The table at the end of a scenario. */
final class DemoTable {
    private static final String ROW = "  %-12s %-22s %11s %7s %9s%n";

    private DemoTable() {}

    static String of(DemoResult result) {
        List<TrainerResult> rows = new ArrayList<>();
        rows.add(result.unguarded().result());
        result.rivals().forEach(rival -> rows.add(rival.result()));
        rows.add(result.guarded().result());
        StringBuilder table = new StringBuilder(ROW.formatted("method", "outcome", "final loss", "steps", "ms/step"));
        for (TrainerResult row : rows) {
            table.append(ROW.formatted(
                    row.method(),
                    row.diverged() ? "diverged at step " + row.divergedAtStep() : "survived",
                    loss(row),
                    row.steps(),
                    "%.1f".formatted(row.secondsPerStep() * 1000)));
        }
        return table.append("  ")
                .append(verdict(result))
                .append(System.lineSeparator())
                .toString();
    }

    /** The result in a sentence. */
    static String verdict(DemoResult result) {
        String guard = result.guardDied() ? "The guard died during the run; training went on without it. " : "";
        TrainerResult without = result.unguarded().result();
        TrainerResult with = result.guarded().result();
        if (with.diverged()) {
            return guard + "The guarded run was lost, too.";
        }
        if (without.diverged()) {
            return guard
                    + "The unguarded run was lost at step %s; the guarded one ended at a loss of %s."
                            .formatted(without.divergedAtStep(), loss(with));
        }
        return guard
                + "The guarded run ended at a loss of %s, the unguarded one at %s."
                        .formatted(loss(with), loss(without));
    }

    static String loss(TrainerResult run) {
        return run.finalLoss() == null ? "none" : "%.3f".formatted(run.finalLoss());
    }

    /** Final loss, or where the run was lost. */
    static String ending(TrainerResult run) {
        return run.diverged() ? "lost at " + run.divergedAtStep() : loss(run);
    }
}
