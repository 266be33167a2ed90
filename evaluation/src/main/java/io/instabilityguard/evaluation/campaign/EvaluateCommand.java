package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.evaluation.GuardCommand;
import io.instabilityguard.evaluation.HelpOption;
import io.instabilityguard.evaluation.JsonOption;
import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.campaign.Plan.Cell;
import io.instabilityguard.evaluation.campaign.Plan.Profile;
import io.instabilityguard.evaluation.trainer.Python;
import io.instabilityguard.evaluation.trainer.TrainerCatalogue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code guard evaluate}. Exits with 1 when runs failed, so that they are missing from the table. A second call with the
 * same store goes on where the first one ended.
 */
@Command(
        name = "evaluate",
        description = {
            "Compares the guard with its rivals: which runs are lost, what the others end with, how early it warns.",
            "Finished runs are kept: interrupt it whenever you like and start it again."
        },
        footer = {
            "",
            "Examples:",
            "  guard evaluate --quick",
            "  guard evaluate --scenarios S --methods none,guard --seeds 0-3",
            "  guard evaluate --report-only --json -"
        },
        exitCodeList = {
            GuardCommand.DONE,
            "1:runs failed, so that they are missing from the table",
            GuardCommand.USAGE,
            GuardCommand.ENVIRONMENT,
            GuardCommand.CRASHED
        },
        sortOptions = false)
public final class EvaluateCommand implements Callable<Integer> {
    /** Turns the runs of these cells into a report. */
    @FunctionalInterface
    public interface Reporter {
        /**
         * Writes and prints.
         *
         * @param command as it was given, for the record
         */
        void report(Plan plan, List<Cell> cells, List<RunRecord> runs, Outputs outputs, String command);
    }

    /**
     * Where a report goes.
     *
     * @param json where programs read the evidence, and where people read it
     * @param folder of all reports; none when empty
     * @param traces of telemetry; none when empty
     */
    public record Outputs(JsonOption json, Optional<Path> folder, Optional<Traces> traces) {}

    private final Reporter reporter;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(
            names = "--quick",
            description = "A small table in less than a quarter of an hour; else everything, for hours.")
    private boolean isQuick;

    @Option(
            names = "--scenarios",
            split = ",",
            paramLabel = "NAME",
            description = "Only these; healthy twins have names of their own, such as S-stable.")
    private @Nullable List<String> scenarios;

    @Option(names = "--methods", split = ",", paramLabel = "NAME", description = "Only these.")
    private @Nullable List<String> methods;

    @Option(
            names = "--seeds",
            paramLabel = "A-B",
            description = "Instead of the plan's; thresholds are tuned on even seeds.")
    private @Nullable String seeds;

    @Option(
            names = "--store",
            paramLabel = "FILE",
            description = "Where finished runs are kept; default: evaluation/reports/runs.jsonl.")
    private @Nullable Path store;

    @Mixin
    private JsonOption json = new JsonOption();

    @Option(
            names = "--report",
            paramLabel = "DIR",
            description =
                    "Write DIR/evidence.json, evidence.md and evidence.html; what an earlier report there has and the store lacks is kept and marked.")
    private @Nullable Path report;

    @Option(names = "--traces", paramLabel = "DIR", description = "Keep the telemetry of guarded runs, for research.")
    private @Nullable Path traces;

    @Option(
            names = "--delay",
            paramLabel = "K",
            defaultValue = "1",
            description = "Steps the guarded trainer may be ahead of the guard; 1.")
    private int delay;

    @Option(names = "--policy", paramLabel = "FILE", description = "Policy instead of the default one.")
    private @Nullable Path policy;

    @Option(names = "--report-only", description = "Train nothing: report what the store has.")
    private boolean isReportOnly;

    @Mixin
    private HelpOption help = new HelpOption();

    /** The command, with what it does at its end. */
    public EvaluateCommand(Reporter reporter) {
        this.reporter = reporter;
    }

    @Override
    public Integer call() {
        Plan plan = Plan.read();
        List<Cell> cells = cells(plan);
        Outputs outputs = outputs();
        Keys keys = new Keys(new Sources(Launch.home()), requireDelay(), policyText());
        try (RunStore runs = RunStore.open(Objects.requireNonNullElseGet(store, EvaluateCommand::defaultStore))) {
            List<String> failures = isReportOnly ? List.of() : train(runs, keys, outputs, cells);
            reporter.report(plan, cells, current(runs, keys, cells), outputs, words());
            failures.forEach(json.text()::println);
            return failures.isEmpty() ? 0 : 1;
        }
    }

    private List<Cell> cells(Plan plan) {
        try {
            return plan.cells(plan.profile(isQuick ? "quick" : "full").stream()
                    .map(this::narrowed)
                    .toList());
        } catch (IllegalArgumentException e) {
            throw UserError.usage(String.valueOf(e.getMessage()));
        }
    }

    private Profile narrowed(Profile profile) {
        return new Profile(
                Objects.requireNonNullElse(seeds, profile.seeds()),
                Objects.requireNonNullElse(scenarios, profile.scenarios()),
                Objects.requireNonNullElse(methods, profile.methods()));
    }

    private Outputs outputs() {
        Optional<Path> folder = Optional.ofNullable(report);
        folder.ifPresent(path -> Launch.requireWritable(path, "--report"));
        json.requireWritable();
        return new Outputs(json, folder, Optional.ofNullable(traces).map(Traces::new));
    }

    private int requireDelay() {
        if (delay < 0) {
            throw UserError.usage("--delay must be steps, 0 or more, not " + delay);
        }
        return delay;
    }

    private String policyText() {
        try {
            return policy == null ? "" : Files.readString(policy);
        } catch (IOException e) {
            throw UserError.usage("cannot read the policy " + policy + ": name a readable file with --policy");
        }
    }

    private static Path defaultStore() {
        return Launch.home().resolve("evaluation").resolve("reports").resolve("runs.jsonl");
    }

    private List<String> train(RunStore runs, Keys keys, Outputs outputs, List<Cell> cells) {
        Python python = Launch.python().requireTorch();
        TrainerCatalogue catalogue = TrainerCatalogue.of(python);
        Set<String> unknown = new HashSet<>();
        List<Cell> known = new ArrayList<>();
        for (Cell cell : cells) {
            boolean isScenario = catalogue.scenarios().contains(cell.scenario());
            boolean isMethod = catalogue.methods().contains(cell.method().trainerMethod());
            if (isScenario && isMethod) {
                known.add(cell);
            } else if (unknown.add(isScenario ? "method " + cell.method().name() : "scenario " + cell.scenario())) {
                json.text()
                        .println("left out, because the trainer does not know it: "
                                + (isScenario ? "method " + cell.method().name() : "scenario " + cell.scenario()));
            }
        }
        return new Campaign(python, runs, keys, outputs.traces(), json.text()::println, !json.isStandardOutput())
                .run(known);
    }

    private static List<RunRecord> current(RunStore runs, Keys keys, List<Cell> cells) {
        Set<RunKey> wanted = new HashSet<>();
        cells.forEach(cell -> cell.seeds().stream().forEach(seed -> wanted.add(keys.of(cell, seed))));
        return runs.runs().stream().filter(run -> wanted.contains(run.key())).toList();
    }

    private String words() {
        return "./guard " + String.join(" ", spec.commandLine().getParseResult().originalArgs());
    }
}
