package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.evaluation.history.HistoryRecorder;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

class PoisonedWeightsIT {
    private static final String RUN = "poisoned";
    private final Path folder = Lab.folder();

    @Test
    void shouldReportWeightsThatAreNotFiniteAndRefuseToReplaceThem() throws Exception {
        HistoryRecorder recorder = new HistoryRecorder(RUN);
        try (AllInOne guard = AllInOne.start(Lab.enforcing(folder));
                RunObserver observer = RunObserver.start(guard.endpoints().bootstrapServers())) {
            observer.add(recorder);
            Process trainer = Lab.python()
                    .process(List.of(script(), guard.endpoints().socket()))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> sickLayers(recorder).anyMatch("0.weight"::equals));
            assertThat(sickLayers(recorder)).containsOnly("0.weight");
            send(guard.endpoints().bootstrapServers(), repair(recorder));
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !recorder.history().outcomes().isEmpty());
            InterventionOutcome outcome = recorder.history().outcomes().get(0);
            assertThat(outcome.getStatus()).isEqualTo(OutcomeStatus.REFUSED);
            assertThat(outcome.getReason()).isNotBlank();
            assertThat(lastWords(trainer)).matches("\\d+ True False");
        }
    }

    private String script() throws URISyntaxException {
        return Path.of(Objects.requireNonNull(getClass().getResource("poisoned_trainer.py"))
                        .toURI())
                .toString();
    }

    private static Stream<String> sickLayers(HistoryRecorder recorder) {
        return recorder.history().telemetry().stream()
                .map(StepTelemetry::getLayers)
                .flatMap(List::stream)
                .filter(layer -> !layer.getFinite())
                .map(LayerSpectrum::getName);
    }

    /** What nobody should ask for. */
    private static InterventionCommand repair(HistoryRecorder recorder) {
        List<StepTelemetry> telemetry = recorder.history().telemetry();
        long step = telemetry.get(telemetry.size() - 1).getStep();
        return InterventionCommand.newBuilder(Records.command(RUN, "anomaly", InterventionKind.APPLY_MSIGN))
                .setId("asked-by-the-test")
                .setGeneration(7)
                .setLayers(List.of("0.weight"))
                .setParameters(Map.of("steps", 0.0))
                .setDecidedAtStep(step)
                .setApplyAtStep(step)
                .setExpiresAtStep(step + 100_000)
                .setTimestampMs(System.currentTimeMillis())
                .build();
    }

    private static void send(String bootstrapServers, InterventionCommand command) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrapServers, "acks", "all");
        try (KafkaProducer<String, InterventionCommand> producer = new KafkaProducer<>(
                settings,
                new StringSerializer(),
                RecordSerdes.of(Topics.COMMANDS, Map.of()).serializer())) {
            producer.send(new ProducerRecord<>(Topics.COMMANDS.name(), RUN, command))
                    .get();
        }
    }

    private static String lastWords(Process trainer) throws IOException {
        trainer.getOutputStream().close();
        return new String(trainer.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }
}
