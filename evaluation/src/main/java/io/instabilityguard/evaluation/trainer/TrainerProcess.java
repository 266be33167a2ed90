package io.instabilityguard.evaluation.trainer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.evaluation.UserError;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * One trainer as a process of its own. Its standard output is read on the calling thread; its standard error goes to a
 * file and is quoted when the trainer fails. The process dies with {@link #close()}.
 */
public final class TrainerProcess implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final Path errors;

    private TrainerProcess(Process process, Path errors) {
        this.process = process;
        this.errors = errors;
    }

    /** Starts the trainer. */
    public static TrainerProcess start(Python python, TrainerJob job) {
        try {
            Path errors = Files.createTempFile("guard-trainer", ".log");
            Process process = python.process(job.arguments())
                    .redirectError(errors.toFile())
                    .start();
            return new TrainerProcess(process, errors);
        } catch (IOException e) {
            throw UserError.environment("cannot start the trainer: " + e.getMessage());
        }
    }

    /**
     * Reads the trainer's words to the end.
     *
     * @param onStep told every step that is printed
     * @return one result per seed
     * @throws UserError with the trainer's own last words when it fails
     */
    public List<TrainerResult> follow(Consumer<StepLine> onStep) {
        List<TrainerResult> results = new ArrayList<>();
        follow(onStep, results::add);
        return results;
    }

    /**
     * Reads the trainer's words to the end.
     *
     * @param onStep told every step that is printed
     * @param onResult told the end of every seed, after its steps and before those of the next
     * @throws UserError with the trainer's own last words when it fails
     */
    public void follow(Consumer<StepLine> onStep, Consumer<TrainerResult> onResult) {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                JsonNode words = JSON.readTree(line);
                if (words.has("result")) {
                    onResult.accept(TrainerResult.of(words.get("result")));
                } else {
                    onStep.accept(StepLine.of(words));
                }
            }
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the trainer printed a line that is not JSON", e);
        } catch (IOException e) {
            throw new IllegalStateException("the trainer's output broke off", e);
        }
        requireSuccess();
    }

    private void requireSuccess() {
        int exitCode;
        try {
            exitCode = process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw UserError.environment("interrupted while training");
        }
        if (exitCode == UserError.USAGE) {
            throw UserError.usage(lastWords());
        }
        if (exitCode != 0) {
            throw UserError.environment("the trainer ended with exit code " + exitCode + ": " + lastWords());
        }
    }

    private String lastWords() {
        List<String> lines = warnings();
        return lines.isEmpty() ? "it said nothing" : lines.get(lines.size() - 1);
    }

    /** What the trainer wrote to standard error so far, line by line, blank lines left out. */
    public List<String> warnings() {
        try (var lines = Files.lines(errors, StandardCharsets.UTF_8)) {
            return lines.filter(line -> !line.isBlank()).toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Whether it still trains. */
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(5, TimeUnit.SECONDS);
            Files.deleteIfExists(errors);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            errors.toFile().deleteOnExit();
        }
    }
}
