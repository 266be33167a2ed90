package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.evaluation.GuardCommand;
import io.instabilityguard.evaluation.HelpOption;
import io.instabilityguard.evaluation.JsonOption;
import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.trainer.Python;
import io.instabilityguard.guard.progress.Progress;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code guard chaos}. Exit code 1 when a trial found a violation. */
@Command(
        name = "chaos",
        description = {
            "Kills, suspends, disturbs and fills up everything while models train, and looks for what must never happen.",
            "The file of --json is written after every trial; trials that are in it already are not run again."
        },
        footer = {"", "Example: guard chaos --trials 50 --seed 7 --json chaos.json"},
        exitCodeList = {
            GuardCommand.DONE,
            "1:a trial found a violation",
            GuardCommand.USAGE,
            GuardCommand.ENVIRONMENT,
            GuardCommand.CRASHED
        },
        sortOptions = false)
public final class ChaosCommand implements Callable<Integer> {
    private static final int VIOLATED = 1;

    @Option(names = "--trials", paramLabel = "N", description = "How many trials; default 20.")
    private int trials = 20;

    @Option(names = "--seed", paramLabel = "S", description = "What the faults are drawn from; default 1.")
    private long seed = 1;

    @Mixin
    private JsonOption json = new JsonOption();

    @Mixin
    private HelpOption help = new HelpOption();

    @Override
    public Integer call() {
        if (trials < 1) {
            throw UserError.usage("--trials must be at least 1, but is " + trials);
        }
        json.requireWritable();
        Python python = Launch.python().requireTorch();
        ChaosReport before = json.file()
                .map(file -> ChaosReport.read(file, Launch.commit(), seed))
                .orElseGet(() -> ChaosReport.of(Launch.commit(), seed, List.of()));
        ChaosReport report = run(python, before);
        if (json.isStandardOutput()) {
            json.write(report);
        }
        json.text()
                .printf(
                        "%d trials, %d violations; %d commands, applied %d times by %d telemetry records; longest guard.step %.0f ms%n",
                        report.trials(),
                        report.violations(),
                        report.commands(),
                        report.applications(),
                        report.telemetry(),
                        report.longestWaitMs());
        return report.violations() == 0 ? 0 : VIOLATED;
    }

    private ChaosReport run(Python python, ChaosReport before) {
        long left =
                IntStream.range(0, trials).filter(trial -> !before.has(trial)).count();
        try (Progress progress = Progress.of("trials", left, !json.isStandardOutput())) {
            return new ChaosCampaign(python, Launch.chaosTrainer()).run(before, trials, (report, latest) -> {
                progress.done(1);
                progress.above(() -> note(report, latest));
            });
        }
    }

    private void note(ChaosReport report, TrialResult latest) {
        json.file().ifPresent(report::write);
        json.text()
                .printf(
                        "trial %d: %s: %s (%.1f s)%n",
                        latest.trial(),
                        latest.faults(),
                        latest.violations().isEmpty()
                                ? "ok"
                                : latest.violations().size() + " violations",
                        latest.millis() / 1e3);
        latest.violations().forEach(violation -> json.text().println("    " + violation));
        json.text().flush();
    }
}
