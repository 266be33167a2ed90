package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.evaluation.HelpOption;
import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.trainer.Python;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code guard chaos}. Exit code 1 when a trial found a violation. */
@Command(
        name = "chaos",
        description =
                "Kills, suspends, disturbs and fills up everything while models train, and looks for what must never happen.",
        sortOptions = false)
public final class ChaosCommand implements Callable<Integer> {
    private static final int VIOLATED = 1;

    @Option(names = "--trials", paramLabel = "N", description = "How many trials; default 20.")
    private int trials = 20;

    @Option(names = "--seed", paramLabel = "S", description = "What the faults are drawn from; default 1.")
    private long seed = 1;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description =
                    "Write the results as JSON after every trial; trials that are in it already are not run again.")
    private @Nullable Path json;

    @Mixin
    private HelpOption help = new HelpOption();

    @Override
    public Integer call() {
        if (trials < 1) {
            throw UserError.usage("--trials must be at least 1, but is " + trials);
        }
        if (json != null) {
            Launch.requireWritable(
                    Optional.ofNullable(json.toAbsolutePath().getParent()).orElse(json), "--json");
        }
        Python python = Launch.python().requireTorch();
        ChaosReport before = json == null
                ? ChaosReport.of(Launch.commit(), seed, List.of())
                : ChaosReport.read(json, Launch.commit(), seed);
        ChaosReport report = new ChaosCampaign(python, Launch.chaosTrainer()).run(before, trials, this::note);
        System.out.printf(
                "%d trials, %d violations; %d commands, applied %d times by %d telemetry records; longest guard.step %.0f ms%n",
                report.trials(),
                report.violations(),
                report.commands(),
                report.applications(),
                report.telemetry(),
                report.longestWaitMs());
        return report.violations() == 0 ? 0 : VIOLATED;
    }

    private void note(ChaosReport report, TrialResult latest) {
        if (json != null) {
            report.write(json);
        }
        System.out.printf(
                "trial %d: %s: %s (%.1f s)%n",
                latest.trial(),
                latest.faults(),
                latest.violations().isEmpty() ? "ok" : latest.violations().size() + " violations",
                latest.millis() / 1e3);
        latest.violations().forEach(violation -> System.out.println("    " + violation));
        System.out.flush();
    }
}
