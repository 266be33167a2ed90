package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.evaluation.broker.TopicCreation;
import io.instabilityguard.evaluation.history.HistoryRecorder;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.evaluation.trainer.GuardedBy;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import io.instabilityguard.sidecar.Sidecar;
import io.instabilityguard.sidecar.SidecarConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class BrokerOutageIT {
    private static final String RUN = "outage";
    private static final int STEPS = 400;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private final Path folder = Lab.folder();

    @Test
    void shouldDropAndCountWhileTheBrokerIsAwayAndGoOnWhenItIsBack() throws IOException {
        AtomicReference<EmbeddedBroker> broker =
                new AtomicReference<>(EmbeddedBroker.start(data(), EmbeddedBroker.ANY_PORT));
        int port = broker.get().port();
        TopicCreation.createMissing(broker.get().bootstrapServers());
        HistoryRecorder recorder = new HistoryRecorder(RUN);
        TrainerJob job = TrainerJob.guarded("S-stable", 0, GuardedBy.paced(Lab.socketIn(folder), RUN, 25))
                .lasting(STEPS);
        try (Sidecar sidecar = new Sidecar(settings(broker.get())).start();
                RunObserver observer = RunObserver.start(broker.get().bootstrapServers());
                TrainerProcess trainer = TrainerProcess.start(Lab.python(), job)) {
            observer.add(recorder);
            List<TrainerResult> results = trainer.follow(step -> {
                if (step.step() == 40) {
                    assertThat(recorder.awaitStep(20, PATIENCE)).isTrue();
                    broker.get().close();
                } else if (step.step() == 200) {
                    broker.set(EmbeddedBroker.start(data(), port));
                }
            });
            assertThat(results).singleElement().extracting(TrainerResult::steps).isEqualTo(STEPS);
            assertThat(recorder.awaitStep(STEPS - 1, PATIENCE))
                    .as("reports again")
                    .isTrue();
            assertThat(sidecar.socket()).exists();
            assertThat(recorder.history().droppedMessages()).isPositive();
            assertThat(recorder.history().droppedMessages()
                            + recorder.history().telemetry().size())
                    .as("every step arrived or was counted as dropped")
                    .isEqualTo(STEPS);
        } finally {
            broker.get().close();
        }
    }

    private Path data() {
        return folder.resolve("broker");
    }

    private SidecarConfig settings(EmbeddedBroker broker) {
        return SidecarConfig.of(Map.of(
                "bootstrap.servers", broker.bootstrapServers(),
                "socket", Lab.socketIn(folder).toString(),
                "state.folder", folder.resolve("state").toString(),
                "telemetry.queue.records", "20",
                "kafka.max.block.ms", "500",
                "kafka.delivery.timeout.ms", "2000",
                "kafka.request.timeout.ms", "1000"));
    }
}
