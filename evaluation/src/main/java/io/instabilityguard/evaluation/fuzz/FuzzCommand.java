package io.instabilityguard.evaluation.fuzz;

import io.instabilityguard.evaluation.GuardCommand;
import io.instabilityguard.evaluation.HelpOption;
import io.instabilityguard.evaluation.JsonOption;
import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.guard.progress.Progress;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code guard fuzz}. Exit status: 0 when every input was read or refused in good order, 1 when something was found. */
@Command(
        name = "fuzz",
        description = "Feeds hostile input to everything that reads what others wrote.",
        footer = {"", "Example: guard fuzz --inputs 1000000 --seed 7 --json fuzz.json"},
        exitCodeList = {
            GuardCommand.DONE,
            "1:an input was neither read nor refused in good order",
            GuardCommand.USAGE,
            GuardCommand.ENVIRONMENT,
            GuardCommand.CRASHED
        },
        sortOptions = false)
public final class FuzzCommand implements Callable<Integer> {
    private static final int FOUND = 1;

    @Option(names = "--inputs", paramLabel = "N", description = "How many; default ${DEFAULT-VALUE}.")
    private long inputs = 20_000;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "The same seed makes the same inputs; default ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Mixin
    private JsonOption json = new JsonOption();

    @Mixin
    private HelpOption help = new HelpOption();

    @Override
    public Integer call() {
        if (inputs < 1) {
            throw UserError.usage("--inputs is " + inputs + ", must be at least 1");
        }
        json.requireWritable();
        try (Fuzzing fuzzing = Fuzzing.ofEverything(seed, Launch.home());
                Progress progress = Progress.of("inputs", inputs, !json.isStandardOutput())) {
            FuzzReport report = fuzzing.run(inputs, progress);
            progress.close();
            print(report);
            json.write(report);
            return report.findings().isEmpty() ? 0 : FOUND;
        }
    }

    private void print(FuzzReport report) {
        report.byTarget()
                .forEach((target, tally) -> json.text()
                        .printf(
                                "%-20s %9d inputs  %9d accepted  %9d refused  most memory %8d KiB  longest %8.1f ms%n",
                                target,
                                tally.inputs(),
                                tally.accepted(),
                                tally.refused(),
                                tally.mostAllocatedBytes() >> 10,
                                tally.mostCpuMillis()));
        report.findings()
                .forEach(finding -> json.text()
                        .printf(
                                "FOUND %s, input %d and %d more: %s%n",
                                finding.target(), finding.index(), finding.count() - 1, finding.problem()));
        json.text()
                .printf(
                        "%d inputs, %d findings, %.0f s%n",
                        report.inputs(), report.findings().size(), report.seconds());
    }
}
