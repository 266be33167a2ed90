package io.instabilityguard.evaluation.fuzz;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.instabilityguard.evaluation.HelpOption;
import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.evaluation.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code guard fuzz}. Exit status: 0 when every input was read or refused in good order, 1 when something was found. */
@Command(
        name = "fuzz",
        description = "Feeds hostile input to everything that reads what others wrote.",
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

    @Option(names = "--json", paramLabel = "FILE", description = "Write the report as JSON.")
    private @Nullable Path json;

    @Mixin
    private HelpOption help = new HelpOption();

    @Override
    public Integer call() {
        if (inputs < 1) {
            throw UserError.usage("--inputs is " + inputs + ", must be at least 1");
        }
        if (json != null) {
            Path folder = json.toAbsolutePath().getParent();
            Launch.requireWritable(Optional.ofNullable(folder).orElse(json), "--json");
        }
        try (Fuzzing fuzzing = Fuzzing.ofEverything(seed, Launch.home())) {
            FuzzReport report = fuzzing.run(inputs);
            print(report);
            write(report);
            return report.findings().isEmpty() ? 0 : FOUND;
        }
    }

    private static void print(FuzzReport report) {
        report.byTarget()
                .forEach((target, tally) -> System.out.printf(
                        "%-20s %9d inputs  %9d accepted  %9d refused  most memory %8d KiB  longest %8.1f ms%n",
                        target,
                        tally.inputs(),
                        tally.accepted(),
                        tally.refused(),
                        tally.mostAllocatedBytes() >> 10,
                        tally.mostCpuMillis()));
        report.findings()
                .forEach(finding -> System.out.printf(
                        "FOUND %s, input %d and %d more: %s%n",
                        finding.target(), finding.index(), finding.count() - 1, finding.problem()));
        System.out.printf(
                "%d inputs, %d findings, %.0f s%n",
                report.inputs(), report.findings().size(), report.seconds());
    }

    private void write(FuzzReport report) {
        if (json == null) {
            return;
        }
        try {
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(json.toFile(), report);
        } catch (IOException e) {
            throw UserError.environment("cannot write " + json + ": " + e.getMessage());
        }
    }
}
