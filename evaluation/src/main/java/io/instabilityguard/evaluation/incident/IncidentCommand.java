package io.instabilityguard.evaluation.incident;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.evaluation.GuardCommand;
import io.instabilityguard.evaluation.HelpOption;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.process.TemporaryFolder;
import io.instabilityguard.evaluation.report.HtmlReport;
import io.instabilityguard.guard.console.ClusterOptions;
import io.instabilityguard.guard.console.RunCopy;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.recording.Recording;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code guard report}: one self-contained page on what happened to a run. */
@Command(
        name = "report",
        description = {
            "Writes one page on what happened to a run: what came first, what was done and whether it helped, with charts and the ledger. It needs no network."
        },
        footer = {
            "",
            "Examples:",
            "  guard report --run my-run --bootstrap-servers localhost:9092",
            "  guard report --file my-run.avro --json"
        },
        exitCodeList = {
            GuardCommand.DONE,
            "1:the run is unknown, or the brokers do not answer",
            GuardCommand.USAGE,
            GuardCommand.ENVIRONMENT,
            GuardCommand.CRASHED
        },
        sortOptions = false)
public final class IncidentCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int REFUSED = 1;

    /** What the page is about. */
    static final class Source {
        @Option(names = "--run", paramLabel = "R", description = "Id of a run on the brokers.")
        @Nullable
        String run;

        @Option(names = "--file", paramLabel = "F", description = "A recording (`guard record`).")
        @Nullable
        Path file;
    }

    @ArgGroup(multiplicity = "1")
    private Source source = new Source();

    @Option(names = "--out", paramLabel = "FILE", description = "The page to write; default ${DEFAULT-VALUE}.")
    private Path out = Path.of("incident.html");

    @Option(
            names = "--json",
            description =
                    "Print the facts of the page as one JSON object instead of writing it; NaN and infinite numbers are text.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private HelpOption help = new HelpOption();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() {
        try {
            return source.file == null ? report(String.valueOf(source.run)) : report(Recording.open(source.file));
        } catch (PolicyException e) {
            throw UserError.usage(String.valueOf(e.getMessage()));
        } catch (KafkaException e) {
            return refuse(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw UserError.environment(String.valueOf(e.getMessage()));
        }
    }

    private int report(String run) throws IOException {
        Path folder = TemporaryFolder.create("guard-report");
        try {
            Path recording = folder.resolve("run.avro");
            return RunCopy.write(cluster, run, recording, !json).telemetry() == 0
                    ? refuse(RunCopy.unknown(run))
                    : report(Recording.open(recording));
        } finally {
            TemporaryFolder.delete(folder);
        }
    }

    private int report(Recording recording) throws IOException {
        Incident incident = Incident.of(recording);
        if (json) {
            say(JSON.writeValueAsString(IncidentFacts.of(incident)));
        } else {
            Files.writeString(out, HtmlReport.render(IncidentReport.of(incident)));
            say("wrote " + out);
        }
        return 0;
    }

    private void say(String line) {
        spec.commandLine().getOut().println(line);
        spec.commandLine().getOut().flush();
    }

    private int refuse(String reason) {
        spec.commandLine().getErr().println("guard: " + reason);
        spec.commandLine().getErr().flush();
        return REFUSED;
    }
}
