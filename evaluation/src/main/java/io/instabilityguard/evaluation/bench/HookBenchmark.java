package io.instabilityguard.evaluation.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.trainer.Python;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What a call of the hook costs the trainer on a step without a weight sample, with a sidecar listening. */
final class HookBenchmark {
    private HookBenchmark() {}

    /** By situation: microseconds by name of the percentile (p10, median, p90, p99). */
    static JsonNode run(Python python, Path script, String socket) {
        try {
            Process process = python.process(List.of(script.toString(), socket))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            JsonNode microseconds = new ObjectMapper().readTree(process.getInputStream());
            if (process.waitFor() != 0 || microseconds.isEmpty()) {
                throw UserError.environment("the hook's benchmark failed; what it said is above");
            }
            return microseconds;
        } catch (IOException e) {
            throw UserError.environment("the hook's benchmark cannot run: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw UserError.environment("interrupted while measuring the hook");
        }
    }
}
