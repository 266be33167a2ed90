package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.history.CompositeGain;
import io.instabilityguard.evaluation.history.HistoryRecorder;
import io.instabilityguard.evaluation.history.RunHistory;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.evaluation.trainer.GuardedBy;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.StepTelemetry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** 60 static mixing layers that attenuate more than a thousandfold: real PyTorch, sidecar, broker and topology. */
class HyperConnectionsIT {
    private static final String RUN = "hyper-connections";
    private static final int STEPS = 60;
    private static final int SEED = 6;
    private static final double LIMIT = Math.log(1_000);
    private final Path folder = Lab.folder();

    @Test
    void shouldBringTheGainBackFromAThousandfoldAndKeepItThere() {
        try (AllInOne guard = AllInOne.start(Lab.enforcing(folder, Optional.of(policy())))) {
            RunHistory history = train(guard);
            InterventionCommand command = history.commands().stream()
                    .filter(one -> one.getKind() == InterventionKind.SWITCH_HC)
                    .findFirst()
                    .orElseThrow();
            assertThat(command.getEvidence().getValue()).isGreaterThan(LIMIT);
            long applied = history.appliedAtStep(command).orElseThrow();
            List<CompositeGain> after = history.telemetry().stream()
                    .filter(step -> step.getSpectraStep() > applied)
                    .map(StepTelemetry::getMixing)
                    .map(CompositeGain::of)
                    .filter(Objects::nonNull)
                    .toList();
            assertThat(after).isNotEmpty().allSatisfy(gain -> {
                assertThat(gain.layers()).isEqualTo(60);
                assertThat(gain.forward()).isBetween(0.6, 1.6);
                assertThat(gain.backward()).isBetween(0.6, 1.6);
            });
        }
    }

    /** Waits for a gain that the default policy would never let come. */
    private Path policy() {
        try {
            return Files.writeString(
                    folder.resolve("policy.yaml"),
                    "detectors: {hyper-connection-surge: {enabled: false}, hyper-connection-gain: {above: {hyper-connection-gain: "
                            + LIMIT + "}}}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private RunHistory train(AllInOne guard) {
        GuardedBy guardedBy = GuardedBy.lockstep(Lab.socketIn(folder), RUN, 1);
        HistoryRecorder recorder = new HistoryRecorder(RUN);
        try (RunObserver observer = RunObserver.start(guard.endpoints().bootstrapServers());
                TrainerProcess trainer = TrainerProcess.start(
                        Lab.python(), TrainerJob.guarded("S30", SEED, guardedBy).lasting(STEPS))) {
            observer.add(recorder);
            List<TrainerResult> results = trainer.follow(step -> {});
            assertThat(results)
                    .singleElement()
                    .extracting(TrainerResult::diverged)
                    .isEqualTo(false);
            assertThat(recorder.awaitStep(STEPS - 1, Duration.ofSeconds(30))).isTrue();
            observer.drain(Duration.ofSeconds(10));
        }
        return recorder.history();
    }
}
