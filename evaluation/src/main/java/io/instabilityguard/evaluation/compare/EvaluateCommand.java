package io.instabilityguard.evaluation.compare;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.instabilityguard.evaluation.GuardProcess;
import io.instabilityguard.evaluation.HelpOption;
import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.compare.CellPlan.Purpose;
import io.instabilityguard.evaluation.compare.Evaluation.Measured;
import io.instabilityguard.evaluation.trainer.Python;
import io.instabilityguard.evaluation.trainer.Seeds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code guard evaluate}. */
@Command(
        name = "evaluate",
        description = "Compares the guard with its rivals: which runs are lost, and what the others end with.",
        sortOptions = false)
public final class EvaluateCommand implements Callable<Integer> {
    private static final List<Integer> QUICK_DELAYS = List.of(1);
    private static final List<Integer> ALL_DELAYS = List.of(1, 5, 20);

    @Option(names = "--quick", description = "Only the table, with a delay of one step; else delays of 1, 5 and 20.")
    private boolean isQuick;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the table as JSON.")
    private @Nullable Path json;

    @Option(names = "--seeds", paramLabel = "A-B", description = "Instead of each scenario's own seeds.")
    private @Nullable String seeds;

    @Option(names = "--scenarios", split = ",", paramLabel = "NAME", description = "Of S, CS, S-stable.")
    private List<String> scenarios = EvaluationPlan.SCENARIOS;

    @Option(
            names = "--methods",
            split = ",",
            paramLabel = "NAME",
            description = "Of none, clip-1.0, zclip, msign-100, guard.")
    private List<String> methods = EvaluationPlan.METHODS;

    @Option(
            names = {"--delays", "--delay"},
            split = ",",
            paramLabel = "K",
            description = "Steps the guarded trainer may be ahead; the first gives the table, the others are printed.")
    private @Nullable List<Integer> delays;

    @Option(names = "--policy", paramLabel = "FILE", description = "Policy instead of the default one.")
    private @Nullable Path policy;

    @Mixin
    private HelpOption help = new HelpOption();

    /** The contents of the JSON file. */
    record Table(String commit, List<Cell> cells) {}

    @Override
    public Integer call() {
        List<CellPlan> plans = plans();
        if (json != null) {
            Launch.requireWritable(
                    Optional.ofNullable(json.toAbsolutePath().getParent()).orElse(json), "--json");
        }
        Python python = Launch.python().requireTorch();
        say("starting broker, guard and sidecar ...");
        try (GuardProcess guard = GuardProcess.start(Launch.policyOption(policy))) {
            List<Measured> measured = new Evaluation(python, guard, EvaluateCommand::say).measure(plans);
            Scoreboard scoreboard = new Scoreboard(measured);
            say(System.lineSeparator() + scoreboard.table());
            say("");
            scoreboard.claims().forEach(EvaluateCommand::say);
            write(measured);
        }
        return 0;
    }

    private List<CellPlan> plans() {
        try {
            List<Integer> chosen = delays != null ? delays : isQuick ? QUICK_DELAYS : ALL_DELAYS;
            return new EvaluationPlan(
                            scenarios, methods, Optional.ofNullable(seeds).map(Seeds::parse), chosen)
                    .cells();
        } catch (IllegalArgumentException e) {
            throw UserError.usage(String.valueOf(e.getMessage()));
        }
    }

    private void write(List<Measured> measured) {
        if (json == null) {
            return;
        }
        List<Cell> cells = measured.stream()
                .filter(one -> one.plan().purpose() == Purpose.RESULT)
                .map(Measured::cell)
                .toList();
        try {
            new ObjectMapper()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .writeValue(json.toFile(), new Table(Launch.commit(), cells));
        } catch (IOException e) {
            throw UserError.environment("cannot write " + json + ": " + e.getMessage());
        }
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
