package io.instabilityguard.evaluation.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.instabilityguard.evaluation.AllInOneConfig.GuardMode;
import io.instabilityguard.evaluation.GuardCommand;
import io.instabilityguard.evaluation.GuardProcess;
import io.instabilityguard.evaluation.HelpOption;
import io.instabilityguard.evaluation.JsonOption;
import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.report.HtmlReport;
import io.instabilityguard.evaluation.trainer.Python;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code guard demo}. Exits with 1 when a guarded run did worse than the unguarded one. */
@Command(
        name = "demo",
        description = "Trains models that collapse, first without and then with the guard, on the same seed.",
        footer = {"", "Example: guard demo --scenario divergence --seed 3 --report out"},
        exitCodeList = {
            GuardCommand.DONE,
            "1:a guarded run did worse than the unguarded one",
            GuardCommand.USAGE,
            GuardCommand.ENVIRONMENT,
            GuardCommand.CRASHED
        },
        sortOptions = false)
public final class DemoCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    @Option(
            names = "--scenario",
            split = ",",
            paramLabel = "NAME",
            description = "attention, divergence (these two by default), hyper-connections, koopman or all.")
    private List<String> scenarios =
            DemoScenario.DEFAULT.stream().map(DemoScenario::label).toList();

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Seed of weights and batches; 0.")
    private int seed;

    @Option(names = "--report", paramLabel = "DIR", description = "Write DIR/SCENARIO/summary.json and report.html.")
    private @Nullable Path report;

    @Option(names = "--text", paramLabel = "FILE", description = "Train on this text instead of the machine's own.")
    private @Nullable Path text;

    @Option(
            names = "--lockstep",
            paramLabel = "K",
            defaultValue = "1",
            description = "After step t the trainer waits, bounded, until the guard has consumed step t - K; 1. "
                    + "Toy steps take milliseconds where real ones take hundreds.")
    private int lockstep;

    @Option(names = "--policy", paramLabel = "FILE", description = "Policy instead of the default one.")
    private @Nullable Path policy;

    @Mixin
    private JsonOption json = new JsonOption();

    @Mixin
    private HelpOption help = new HelpOption();

    @Override
    public Integer call() {
        requireSaneOptions();
        Python python = Launch.python().requireTorch();
        Screen screen = Screen.of(json.text(), Launch.isTerminal() && !json.isStandardOutput(), System.getenv());
        List<DemoResult> results = new ArrayList<>();
        for (DemoScenario chosen : chosen()) {
            results.add(show(chosen, python, screen));
        }
        json.write(results.stream().map(DemoSummary::of).toList());
        return results.stream().anyMatch(DemoResult::isWorse) ? 1 : 0;
    }

    private List<DemoScenario> chosen() {
        return scenarios.stream()
                .flatMap(name -> named(name).stream())
                .distinct()
                .toList();
    }

    private static List<DemoScenario> named(String name) {
        List<DemoScenario> all = List.of(DemoScenario.values());
        List<DemoScenario> named = all.stream()
                .filter(scenario -> scenario.label().equalsIgnoreCase(name))
                .toList();
        if (named.isEmpty() && !name.equalsIgnoreCase("all")) {
            throw UserError.usage("unknown scenario '" + name + "': choose among "
                    + all.stream().map(DemoScenario::label).collect(Collectors.joining(", ")) + " or all");
        }
        return named.isEmpty() ? all : named;
    }

    /** Every scenario has a guard of its own: one that dies takes nothing with it. */
    private DemoResult show(DemoScenario chosen, Python python, Screen screen) {
        screen.line(Screen.Colour.PLAIN, "starting broker, guard and sidecar ...");
        try (GuardProcess guard = start(chosen)) {
            DemoResult result = new Demo(screen, python, guard, seed, lockstep, text).run(chosen);
            write(result, screen);
            return result;
        }
    }

    private GuardProcess start(DemoScenario chosen) {
        Optional<String> own = policy == null ? chosen.policy() : Optional.empty();
        return own.isPresent()
                ? GuardProcess.startWithPolicy(GuardMode.ENFORCE, own.get(), List.of())
                : GuardProcess.start(Launch.policyOption(policy));
    }

    private void requireSaneOptions() {
        if (seed < 0) {
            throw UserError.usage("--seed must not be negative, but is " + seed);
        }
        if (lockstep < 0) {
            throw UserError.usage("--lockstep must not be negative, but is " + lockstep);
        }
        if (text != null && !Files.isReadable(text)) {
            throw UserError.usage("cannot read the text " + text + ": name a readable file with --text");
        }
        if (report != null) {
            Launch.requireWritable(report, "--report");
        }
        json.requireWritable();
    }

    private void write(DemoResult result, Screen screen) {
        if (report == null) {
            return;
        }
        Path folder = report.resolve(result.scenario().label());
        try {
            Files.createDirectories(folder);
            JSON.writeValue(folder.resolve("summary.json").toFile(), DemoSummary.of(result));
            Files.writeString(folder.resolve("report.html"), HtmlReport.render(DemoReport.of(result)));
        } catch (IOException e) {
            throw UserError.environment("cannot write the report to " + folder + ": " + e.getMessage());
        }
        screen.line(Screen.Colour.PLAIN, "  report: " + folder.resolve("report.html"));
    }
}
