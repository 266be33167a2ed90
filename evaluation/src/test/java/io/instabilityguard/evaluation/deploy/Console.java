package io.instabilityguard.evaluation.deploy;

import io.instabilityguard.guard.console.ConsoleMain;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code ./guard} of the operator's console, in this JVM. */
final class Console {
    private final StringWriter said = new StringWriter();
    private final Path config;

    /** One that asks these brokers, and the registry when there is one. */
    Console(String bootstrapServers, String registry, Path folder) throws IOException {
        String kafka = registry.isEmpty() ? "" : "kafka:\n  schema.registry.url: " + registry + "\n";
        config = Files.writeString(
                folder.resolve("console.yaml"), "bootstrap-servers: " + bootstrapServers + "\n" + kafka);
    }

    /** Runs one command; the exit status. */
    int run(List<String> words) {
        said.getBuffer().setLength(0);
        List<String> arguments = new ArrayList<>(words);
        if (!words.get(0).equals("acls")) { // which asks no cluster
            arguments.addAll(List.of("--config", config.toString()));
        }
        PrintWriter out = new PrintWriter(said, true);
        return ConsoleMain.commandLine().setOut(out).setErr(out).execute(arguments.toArray(String[]::new));
    }

    /** Whether a command can be carried out and its answer holds this text. */
    boolean says(String text, String... words) {
        return run(List.of(words)) == 0 && said.toString().contains(text);
    }

    /** What the last command said. */
    String said() {
        return said.toString();
    }
}
