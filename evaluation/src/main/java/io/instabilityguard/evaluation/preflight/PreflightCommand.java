package io.instabilityguard.evaluation.preflight;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.instabilityguard.evaluation.GuardCommand;
import io.instabilityguard.evaluation.HelpOption;
import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.evaluation.UserError;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code guard preflight}. */
@Command(
        name = "preflight",
        description = {
            "Looks at a model before it is trained: Koopman profile of every block, composite gain of hyper-connections, "
                    + "stable ranks at initialisation, and the risk they mean.",
            "Either --scenario NAME, or -- COMMAND: your training script with the hook attached (GUARD_SOCKET is set). It is "
                    + "ended as soon as its first step has been measured."
        },
        footer = {"", "Examples:", "  guard preflight --scenario S", "  guard preflight --json -- python train.py"},
        exitCodeList = {
            "0:low risk",
            GuardCommand.USAGE,
            "3:the script failed",
            "10:medium risk",
            "11:high risk",
            GuardCommand.CRASHED
        },
        sortOptions = false)
public final class PreflightCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    @Option(names = "--scenario", paramLabel = "NAME", description = "A configuration of the reference trainer.")
    private @Nullable String scenario;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Of its weights; 0.")
    private int seed;

    @Option(names = "--json", description = "Print the report as JSON.")
    private boolean isJson;

    @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "300", description = "Longest run; 300.")
    private int timeoutSeconds;

    @Parameters(paramLabel = "COMMAND", arity = "0..*", description = "Your script with its arguments, after --.")
    private List<String> script = List.of();

    @Mixin
    private HelpOption help = new HelpOption();

    @Override
    public Integer call() throws IOException {
        if ((scenario == null) == script.isEmpty()) {
            throw UserError.usage("name either --scenario NAME or -- COMMAND (see guard preflight --help)");
        }
        if (timeoutSeconds < 1) {
            throw UserError.usage("--timeout must be at least 1 second, not " + timeoutSeconds);
        }
        PreflightReport report = PreflightReport.of(new Preflight(Duration.ofSeconds(timeoutSeconds)).run(process()));
        System.out.println(isJson ? JSON.writeValueAsString(report) : PreflightText.of(report));
        return report.risk().exitCode();
    }

    private ProcessBuilder process() {
        if (scenario == null) {
            return new ProcessBuilder(script);
        }
        return Launch.python().requireTorch().process(trainerArguments(scenario, seed));
    }

    /** Slow steps, so that it still trains when its first one has been measured. */
    static List<String> trainerArguments(String scenario, int seed) {
        return List.of(
                "-m",
                "reference_trainer",
                "--scenario",
                scenario,
                "--seed",
                String.valueOf(seed),
                "--method",
                "guard",
                "--steps",
                "600",
                "--min-step-ms",
                "100",
                "--run-id",
                "preflight");
    }
}
