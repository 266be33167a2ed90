package io.instabilityguard.evaluation.preflight;

import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.sidecar.MeasuringSidecar;
import io.instabilityguard.sidecar.Sidecar;
import io.instabilityguard.sidecar.SidecarConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs a training script against a sidecar in this process, without Kafka, until its
 * first sample has been measured.
 *
 * @param timeout for that
 */
record Preflight(Duration timeout) {
    private static final Duration LAST_RECORD = Duration.ofSeconds(10);
    private static final Duration FAREWELL = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofMillis(50);

    /**
     * Runs the script.
     *
     * @param script to run; {@code GUARD_SOCKET} is set for it
     * @return its first telemetry record that holds spectra
     * @throws UserError when the script fails, takes too long or never reports
     */
    StepTelemetry run(ProcessBuilder script) {
        Path folder = temporaryFolder();
        BlockingQueue<StepTelemetry> samples = new LinkedBlockingQueue<>();
        Path socket = folder.resolve("socket").resolve("guard.sock");
        SidecarConfig config = SidecarConfig.of(Map.of(
                "socket",
                socket.toString(),
                "state.folder",
                folder.resolve("state").toString(),
                "profiles-every",
                "1"));
        try (Sidecar sidecar = MeasuringSidecar.of(config, telemetry -> collect(telemetry, samples))
                .start()) {
            script.environment().put("GUARD_SOCKET", sidecar.socket().toString());
            Process process = script.redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try {
                return awaitSample(process, samples);
            } finally {
                end(process);
            }
        } catch (IOException e) {
            throw UserError.environment("cannot run the script: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw UserError.environment("interrupted");
        } finally {
            delete(folder);
        }
    }

    private static void collect(StepTelemetry telemetry, BlockingQueue<StepTelemetry> samples) {
        if (!telemetry.getLayers().isEmpty()) {
            samples.add(telemetry);
        }
    }

    private StepTelemetry awaitSample(Process script, BlockingQueue<StepTelemetry> samples)
            throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        StepTelemetry sample = null;
        while (sample == null && script.isAlive()) {
            if (System.nanoTime() > deadline) {
                throw UserError.environment("nothing was measured within " + timeout.toSeconds()
                        + " s: attach the hook and call guard.step(0, loss=...), or allow more with --timeout");
            }
            sample = samples.poll(POLL.toMillis(), TimeUnit.MILLISECONDS);
        }
        if (sample == null && script.exitValue() != 0) {
            throw UserError.environment(
                    "the script ended with exit code " + script.exitValue() + "; what it said is above");
        }
        sample = sample == null ? samples.poll(LAST_RECORD.toMillis(), TimeUnit.MILLISECONDS) : sample;
        if (sample == null) {
            throw UserError.environment("the script ended before anything was measured: attach the hook, call "
                    + "guard.step(0, loss=...) and keep training; it is ended once the first step is measured");
        }
        return sample;
    }

    private static void end(Process script) throws InterruptedException {
        script.destroy();
        if (!script.waitFor(FAREWELL.toSeconds(), TimeUnit.SECONDS)) {
            script.destroyForcibly();
        }
    }

    private static Path temporaryFolder() {
        try {
            return Files.createTempDirectory("guard-preflight-");
        } catch (IOException e) {
            throw UserError.environment("cannot create a temporary folder: " + e.getMessage());
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> paths = Files.walk(folder)) {
            paths.sorted(Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        } catch (IOException e) {
            folder.toFile().deleteOnExit();
        }
    }
}
