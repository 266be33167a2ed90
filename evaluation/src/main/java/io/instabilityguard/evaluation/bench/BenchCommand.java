package io.instabilityguard.evaluation.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.instabilityguard.evaluation.GuardProcess;
import io.instabilityguard.evaluation.HelpOption;
import io.instabilityguard.evaluation.JsonOption;
import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.bench.LatencyBenchmark.Measurement;
import io.instabilityguard.evaluation.failover.FailoverPlan;
import io.instabilityguard.evaluation.failover.FailoverTrial;
import io.instabilityguard.evaluation.history.Percentiles;
import io.instabilityguard.evaluation.trainer.Python;
import io.instabilityguard.sidecar.koopman.bench.KoopmanBenchmark;
import io.instabilityguard.sidecar.spectrum.bench.BenchResult;
import io.instabilityguard.sidecar.spectrum.bench.GpuBenchmark;
import io.instabilityguard.sidecar.spectrum.bench.SpectrumBenchmark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code guard bench}. */
@Command(
        name = "bench",
        description = "Measures what the project claims about speed.",
        footer = {
            "",
            "Examples:",
            "  guard bench numerics --backend cpu --json numerics.json",
            "  guard bench latency --cluster"
        },
        sortOptions = false)
public final class BenchCommand implements Callable<Integer> {
    /** What to measure. */
    enum Suite {
        NUMERICS,
        LATENCY,
        HOOK,
        FAILOVER,
        REPLAY
    }

    /** The contents of the JSON file. */
    record Report(Map<String, String> environment, String commit, List<BenchResult> results) {}

    @Parameters(paramLabel = "SUITE", description = "numerics, latency, hook, failover or replay.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Suite suite;

    /** What numerics are measured on. */
    enum Processor {
        CPU,
        CUDA
    }

    @Option(
            names = "--backend",
            paramLabel = "BACKEND",
            description =
                    "For numerics: cpu, or cuda for the GPU's rows alone; default both, as far as there is a GPU.")
    private @Nullable Processor backend;

    @Option(
            names = "--cluster",
            description = "For latency: three brokers and the guard as processes of their own instead of all in one.")
    private boolean cluster;

    @Mixin
    private JsonOption json = new JsonOption();

    @Mixin
    private HelpOption help = new HelpOption();

    @Override
    public Integer call() {
        json.requireWritable();
        List<BenchResult> results = switch (suite) {
            case NUMERICS -> numerics();
            case LATENCY -> latency();
            case HOOK -> hook();
            case FAILOVER -> failover();
            case REPLAY -> replay();
        };
        results.forEach(this::print);
        json.write(new Report(SpectrumBenchmark.environment(), Launch.commit(), results));
        return 0;
    }

    private List<BenchResult> numerics() {
        List<BenchResult> results = new ArrayList<>();
        if (backend != Processor.CUDA) {
            results.addAll(SpectrumBenchmark.run(System.err::println));
            results.addAll(KoopmanBenchmark.run(System.err::println));
        }
        if (backend != Processor.CPU) {
            results.addAll(gpu());
        }
        return results;
    }

    private List<BenchResult> gpu() {
        GpuBenchmark.Outcome outcome = GpuBenchmark.run(System.err::println);
        if (outcome.results().isEmpty() && backend == Processor.CUDA) {
            throw UserError.environment(outcome.reason());
        }
        System.err.println(outcome.reason());
        return outcome.results();
    }

    private List<BenchResult> latency() {
        if (cluster) {
            try (ClusterGuard guard = ClusterGuard.start()) {
                return latency(guard.bootstrapServers(), "loop latency on three brokers, random arrivals");
            }
        }
        try (GuardProcess guard = GuardProcess.start(List.of())) {
            return latency(guard.endpoints().bootstrapServers(), "loop latency, random arrivals");
        }
    }

    private List<BenchResult> latency(String bootstrapServers, String name) {
        Measurement measured = LatencyBenchmark.run(bootstrapServers, !json.isStandardOutput());
        if (Double.isNaN(measured.millis().median())) {
            throw UserError.environment("the guard answered nothing in time: is the machine busy with something else?");
        }
        System.err.println("p99 " + measured.millis().at(99) + " ms, " + measured.unanswered() + " unanswered");
        return List.of(
                result(name, "ms", measured.millis()),
                single(name + ", p99", "ms", measured.millis().at(99)));
    }

    private static List<BenchResult> failover() {
        Path folder = temporaryFolder();
        FailoverTrial.Result measured = FailoverTrial.run(FailoverPlan.FULL, folder);
        String what = "kill -9 of the active guard, " + FailoverPlan.FULL.runs() + " runs: ";
        return List.of(
                single(what + "until the standby's first command is read", "ms", measured.firstCommandMillis()),
                single(what + "commands lost", "commands", measured.lost()),
                single(what + "commands doubled", "commands", measured.doubled()),
                single(what + "broken links in the chains of decisions", "decisions", measured.brokenLinks()));
    }

    private List<BenchResult> replay() {
        try {
            Percentiles rates = Percentiles.of(ReplayBenchmark.run(!json.isStandardOutput()));
            return List.of(result("replay of a recording, 224 matrices per step", "layer samples/s", rates));
        } catch (IOException e) {
            throw UserError.environment("the recording of the benchmark cannot be written or read: " + e.getMessage());
        }
    }

    private static Path temporaryFolder() {
        try {
            return Files.createTempDirectory("guard-failover");
        } catch (IOException e) {
            throw UserError.environment("cannot make a temporary folder: " + e.getMessage());
        }
    }

    private static BenchResult result(String name, String unit, Percentiles values) {
        return new BenchResult(name, unit, values.median(), values.at(10), values.at(90), Map.of(), null);
    }

    /** A result that is one number, such as a percentile. */
    private static BenchResult single(String name, String unit, double value) {
        return new BenchResult(name, unit, value, value, value, Map.of(), null);
    }

    private static List<BenchResult> hook() {
        Python python = Launch.python().requireTorch();
        try (GuardProcess guard = GuardProcess.start(List.of())) {
            JsonNode measured = HookBenchmark.run(
                    python, Launch.hookBenchmark(), guard.endpoints().socket());
            return measured.properties().stream()
                    .map(entry -> hook(entry.getKey(), entry.getValue()))
                    .toList();
        }
    }

    private static BenchResult hook(String situation, JsonNode micros) {
        return new BenchResult(
                "guard.step without a sample, " + situation,
                "us",
                micros.get("median").asDouble(),
                micros.get("p10").asDouble(),
                micros.get("p90").asDouble(),
                Map.of(),
                null);
    }

    private void print(BenchResult result) {
        json.text()
                .printf(
                        "%-60s median %8.3f %s  (p10 %.3f, p90 %.3f)%n",
                        result.name(), result.median(), result.unit(), result.p10(), result.p90());
        result.rivals().forEach((rival, ratio) -> json.text().printf("    %.1f times faster than %s%n", ratio, rival));
    }
}
