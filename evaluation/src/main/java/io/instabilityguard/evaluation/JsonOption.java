package io.instabilityguard.evaluation;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option of commands whose results programs may read: nobody asks for it by default, {@code -} means standard output, which then holds nothing else. */
public final class JsonOption {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String STANDARD_OUTPUT = "-";

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the results as JSON; to standard output for -, all else then to standard error.")
    private @Nullable String target;

    /** Whether programs read standard output. */
    public boolean isStandardOutput() {
        return STANDARD_OUTPUT.equals(target);
    }

    /** The file, if one was named. */
    public Optional<Path> file() {
        return isStandardOutput()
                ? Optional.empty()
                : Optional.ofNullable(target).map(Path::of);
    }

    /** Where text for people goes. */
    public PrintStream text() {
        return isStandardOutput() ? System.err : System.out;
    }

    /**
     * Makes sure before any work that the file can be written.
     *
     * @throws UserError naming the option
     */
    public void requireWritable() {
        file().map(path -> path.toAbsolutePath().getParent())
                .ifPresent(folder -> Launch.requireWritable(folder, "--json"));
    }

    /**
     * Writes the results, if they are asked for.
     *
     * @throws UserError when the file cannot be written
     */
    public void write(Object results) {
        try {
            if (isStandardOutput()) {
                System.out.println(JSON.writeValueAsString(results));
            } else if (file().isPresent()) {
                JSON.writeValue(file().get().toFile(), results);
            }
        } catch (IOException e) {
            throw UserError.environment("cannot write " + target + ": " + e.getMessage());
        }
    }
}
