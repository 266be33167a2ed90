package io.instabilityguard.evaluation.bench;

import io.instabilityguard.evaluation.process.TemporaryFolder;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.guard.progress.Progress;
import io.instabilityguard.guard.recording.Recorded;
import io.instabilityguard.guard.recording.Recording;
import io.instabilityguard.guard.recording.RecordingWriter;
import io.instabilityguard.guard.replay.Replay;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** How fast a recording of 224 matrices per step is replayed through the whole topology: reading the file, detecting and deciding. */
final class ReplayBenchmark {

    private static final int STEPS = 3_000;
    private static final int WARM_UPS = 1;
    private static final int MEASURED = 5;
    private static final long STEP_MS = 50;
    private static final String RUN = "bench-replay";

    private ReplayBenchmark() {}

    /** Layer samples per second, one number per replay of a warm JVM. Errors: {@link IOException}. */
    static List<Double> run(boolean isShown) throws IOException {
        Path folder = TemporaryFolder.create("guard-replay");
        try (Progress progress = Progress.of("replays", WARM_UPS + MEASURED, isShown)) {
            Recording recording = record(folder.resolve("run.avro"));
            Policy policy = PolicyReader.parse("", Mode.ENFORCE);
            List<Double> rates = new ArrayList<>();
            for (int i = 0; i < WARM_UPS + MEASURED; i++) {
                long begun = System.nanoTime();
                Replay.of(recording, policy, RUN);
                rates.add((double) STEPS * SyntheticRun.LAYERS / ((System.nanoTime() - begun) / 1e9));
                progress.done(1);
            }
            return rates.subList(WARM_UPS, rates.size());
        } finally {
            TemporaryFolder.delete(folder);
        }
    }

    private static Recording record(Path file) throws IOException {
        SyntheticRun run = new SyntheticRun(RUN, 1, new Random(20261122));
        try (RecordingWriter writer = new RecordingWriter(file, RUN)) {
            for (long step = 0; step < STEPS; step++) {
                StepTelemetry telemetry = StepTelemetry.newBuilder(run.step(step, step * STEP_MS))
                        .setAwaitsDecision(false)
                        .build();
                writer.write(new Recorded(Topics.TELEMETRY.name(), 0, step, step * STEP_MS, List.of(), telemetry));
            }
            writer.finish();
        }
        return Recording.open(file);
    }
}
