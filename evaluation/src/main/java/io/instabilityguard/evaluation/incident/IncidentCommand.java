package io.instabilityguard.evaluation.incident;

import io.instabilityguard.evaluation.HelpOption;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.process.TemporaryFolder;
import io.instabilityguard.evaluation.report.HtmlReport;
import io.instabilityguard.guard.console.ConsoleMain;
import io.instabilityguard.guard.recording.Recording;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
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
            "Writes one page on what happened to a run: what came first, what was done and whether it helped, with charts and the ledger. It needs no network.",
            "Exit status 1: the run is unknown or the brokers do not answer; 3: a file cannot be read or written."
        },
        footer = {"", "Example: guard report --run my-run --bootstrap-servers localhost:9092 --out incident.html"},
        sortOptions = false)
public final class IncidentCommand implements Callable<Integer> {

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
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = "Brokers; default: $GUARD_BOOTSTRAP_SERVERS.")
    private @Nullable String bootstrapServers;

    @Option(
            names = "--config",
            paramLabel = "F",
            description = "The guard's configuration, instead of --bootstrap-servers.")
    private @Nullable Path config;

    @Mixin
    private HelpOption help = new HelpOption();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (source.file != null) {
            return write(source.file);
        }
        Path folder = TemporaryFolder.create("guard-report");
        try {
            Path recording = folder.resolve("run.avro");
            int status = record(String.valueOf(source.run), recording);
            return status == 0 ? write(recording) : status;
        } finally {
            TemporaryFolder.delete(folder);
        }
    }

    private int record(String run, Path recording) {
        List<String> arguments = new ArrayList<>(List.of("record", "--run", run, "--out", recording.toString()));
        if (bootstrapServers != null) {
            arguments.addAll(List.of("--bootstrap-servers", bootstrapServers));
        }
        if (config != null) {
            arguments.addAll(List.of("--config", config.toString()));
        }
        return ConsoleMain.commandLine()
                .setOut(new PrintWriter(Writer.nullWriter()))
                .setErr(spec.commandLine().getErr())
                .execute(arguments.toArray(String[]::new));
    }

    private int write(Path recording) {
        try {
            String page = HtmlReport.render(IncidentReport.of(Incident.of(Recording.open(recording))));
            Files.writeString(out, page);
        } catch (IOException e) {
            throw UserError.environment(String.valueOf(e.getMessage()));
        }
        spec.commandLine().getOut().println("wrote " + out);
        spec.commandLine().getOut().flush();
        return 0;
    }
}
