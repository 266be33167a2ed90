package io.instabilityguard.guard.console;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code guard record}: saves what the topics hold of one run. */
@Command(
        name = "record",
        description = {
            "Saves what the topics hold of one run: telemetry and what was answered, asked, found, decided and commanded, in the order in which the guard reads it.",
            "Left out is what the guards of --config refuse because nobody whom they trust signed it.",
            "The file is an Avro object container with its schema inside."
        },
        footer = {"", "Example: guard record --run my-run --out my-run.avro"},
        mixinStandardHelpOptions = true)
final class RecordCommand extends ClusterCommand implements Callable<Integer> {

    @Option(names = "--run", required = true, paramLabel = "R", description = "Id of the run.")
    private String run = "";

    @Option(
            names = "--out",
            required = true,
            paramLabel = "F",
            description = "File to write; one that exists is replaced when the new one is whole.")
    private Path out = Path.of("");

    @Override
    public Integer call() throws IOException {
        RunCopy copy = RunCopy.write(cluster, run, out, !output.isJson());
        if (copy.telemetry() == 0) {
            return refuse(RunCopy.unknown(run));
        }
        output.listing("run", "file", "records", "telemetry", "unreadable")
                .add(run, out.toString(), copy.records(), copy.telemetry(), copy.unreadable())
                .print(out());
        return 0;
    }
}
