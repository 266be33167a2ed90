package io.instabilityguard.evaluation.trainer;

import io.instabilityguard.evaluation.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A Python with torch, and where the project's Python packages are.
 *
 * @param executable an interpreter that can import torch
 * @param sources the folder of the packages {@code reference_trainer} and {@code instability_guard}
 */
public record Python(String executable, Path sources) {
    private static final String SOURCES = "trainer-sidecar/src/main/python";

    /**
     * The interpreter the launcher chose.
     *
     * @param named value of {@code GUARD_PYTHON}
     * @param home root of the repository
     * @throws UserError when none is named
     */
    public static Python of(@Nullable String named, Path home) {
        if (named == null || named.isBlank()) {
            throw UserError.environment(
                    "GUARD_PYTHON is not set: start with ./guard, or name a Python 3 that has torch");
        }
        return new Python(named, home.resolve(SOURCES));
    }

    /**
     * Checks that torch can be imported.
     *
     * @throws UserError saying what is missing and how to get it
     */
    public Python requireTorch() {
        try {
            Process process = process(List.of("-c", "import torch"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(2, TimeUnit.MINUTES) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw UserError.environment(executable + " cannot import torch: run " + executable
                        + " -m pip install torch, or set GUARD_PYTHON to a Python that has it");
            }
        } catch (IOException e) {
            throw UserError.environment("cannot run " + executable + ": set GUARD_PYTHON to a Python 3 that has torch");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw UserError.environment("interrupted while looking for torch");
        }
        return this;
    }

    /** A process of this interpreter with one thread per library, which is several times faster on small models. */
    public ProcessBuilder process(List<String> arguments) {
        ProcessBuilder builder = new ProcessBuilder(executable);
        builder.command().addAll(arguments);
        builder.environment()
                .putAll(Map.of(
                        "PYTHONPATH", sources.toString(),
                        "PYTHONUNBUFFERED", "1",
                        "OMP_NUM_THREADS", "1",
                        "OPENBLAS_NUM_THREADS", "1"));
        return builder;
    }
}
