package io.instabilityguard.evaluation;

import io.instabilityguard.evaluation.trainer.Python;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the launcher tells this process through its environment, and checks of what the user tells it. */
public final class Launch {
    private Launch() {}

    /** The Python that the launcher chose. */
    public static Python python() {
        return Python.of(System.getenv("GUARD_PYTHON"), home());
    }

    /** Root of the repository. */
    public static Path home() {
        String home = System.getenv("GUARD_HOME");
        return Path.of(home == null ? "" : home).toAbsolutePath();
    }

    /** The script that measures the hook. */
    public static Path hookBenchmark() {
        return home().resolve("evaluation/src/main/python/hook_benchmark.py");
    }

    /** The script that trains for trials of faults. */
    public static Path chaosTrainer() {
        return home().resolve("evaluation/src/main/python/chaos_trainer.py");
    }

    /** The commit that is running; "unknown" outside a repository. */
    public static String commit() {
        return System.getenv().getOrDefault("GUARD_COMMIT", "unknown");
    }

    /** Whether standard output is a terminal. */
    public static boolean isTerminal() {
        return Boolean.getBoolean("guard.terminal");
    }

    /** The option of {@code up} that names a policy; nothing when there is none. */
    public static List<String> policyOption(@Nullable Path policy) {
        return policy == null
                ? List.of()
                : List.of("--policy", policy.toAbsolutePath().toString());
    }

    /**
     * Makes sure before any work that results can be written.
     *
     * @throws UserError naming the option
     */
    public static void requireWritable(Path folder, String option) {
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, "writable", null));
        } catch (IOException e) {
            throw UserError.environment("cannot write to " + folder + ": name another place with " + option);
        }
    }
}
