package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.evaluation.chaos.fault.FaultPlan;
import io.instabilityguard.evaluation.chaos.violation.Invariant;
import io.instabilityguard.evaluation.process.TemporaryFolder;
import io.instabilityguard.evaluation.trainer.Python;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiConsumer;

/** Trial after trial in one lab. Its folder is removed unless a trial found something. */
final class ChaosCampaign {
    private final Python python;
    private final Path trainer;

    /** Trials with trainers of this Python. */
    ChaosCampaign(Python python, Path trainer) {
        this.python = python;
        this.trainer = trainer;
    }

    /**
     * Runs the trials that the report does not hold yet.
     *
     * @param trials numbers from 0 to this, exclusive
     * @param onTrial told after each
     */
    ChaosReport run(ChaosReport before, int trials, BiConsumer<ChaosReport, TrialResult> onTrial) {
        ChaosReport report = before;
        Path folder = TemporaryFolder.create("chaos");
        try (ChaosLab lab = ChaosLab.start(folder, python, trainer)) {
            warmUp(lab);
            for (int number = 0; number < trials; number++) {
                if (!report.has(number)) {
                    Trial trial = new Trial("chaos-" + report.seed(), number, FaultPlan.of(report.seed(), number), lab);
                    TrialResult result = trial.run();
                    report = report.and(result);
                    onTrial.accept(report, result);
                    if (result.violations().isEmpty()) {
                        trial.clean();
                    }
                }
            }
        }
        if (report.violations() == before.violations()) {
            TemporaryFolder.delete(folder);
        }
        return report;
    }

    /** A trial in which nothing goes wrong: code gets warm, however long that takes, and a lab that finds anything else even then is of no use. */
    private static void warmUp(ChaosLab lab) {
        List<String> violations = new Trial("chaos-warm", 0, List.of(), lab)
                .run().violations().stream()
                        .filter(violation -> !violation.startsWith(Invariant.RECOVERS.name()))
                        .toList();
        if (!violations.isEmpty()) {
            throw new IllegalStateException("violations without any fault: " + violations);
        }
    }
}
