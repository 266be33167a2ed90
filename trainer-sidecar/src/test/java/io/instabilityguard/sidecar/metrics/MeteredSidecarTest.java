package io.instabilityguard.sidecar.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.instabilityguard.schemas.StepTelemetry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class MeteredSidecarTest {

    private MetricsEndpoint endpoint;
    private MeteredSidecar metrics;

    @BeforeEach
    void open() throws IOException {
        endpoint = MetricsEndpoint.open(InetAddress.getLoopbackAddress(), 0);
        metrics = new MeteredSidecar(endpoint.registry());
    }

    @AfterEach
    void close() throws Exception {
        metrics.close();
        endpoint.close();
    }

    @Test
    void shouldShowWhatIsLostAndWhatAStepCosts() throws Exception {
        metrics.telemetryReported(step(250, 1, 3));
        metrics.telemetryReported(step(Float.NaN, 0, 0));
        metrics.telemetrySent();
        metrics.telemetryDropped();
        assertThat(scraped())
                .contains(
                        "guard_telemetry_records_total{state=\"reported\"} 2.0",
                        "guard_telemetry_records_total{state=\"sent\"} 1.0",
                        "guard_telemetry_records_total{state=\"dropped\"} 1.0",
                        "guard_steps_total 2.0",
                        "guard_samples_skipped_total 1.0",
                        "guard_messages_dropped_total 3.0",
                        "guard_hook_seconds_count 1");
    }

    @Test
    void shouldCountALoopOnlyWhereItsBeginningIsKnown() throws Exception {
        metrics.commandReceived(40);
        metrics.commandReceived(Double.NaN);
        assertThat(scraped())
                .contains(
                        "guard_commands_received_total 2.0",
                        "guard_loop_seconds_count 1",
                        "guard_loop_seconds_bucket{le=\"0.025\"} 0",
                        "guard_loop_seconds_bucket{le=\"0.05\"} 1");
    }

    @Test
    void shouldShowHowManySessionsAndOutcomesThereAre() throws Exception {
        metrics.sessionOpened();
        metrics.sessionOpened();
        metrics.sessionClosed();
        metrics.outcomesWaiting(7);
        assertThat(scraped()).contains("guard_sessions 1.0", "guard_outcomes_waiting 7.0");
    }

    @Test
    void shouldSayWhichPortIsTaken() {
        assertThatIOException()
                .isThrownBy(() -> MetricsEndpoint.open(InetAddress.getLoopbackAddress(), endpoint.port()))
                .withMessageContaining("metrics.port " + endpoint.port());
    }

    private List<String> scraped() throws Exception {
        URI uri = URI.create(
                "http://" + InetAddress.getLoopbackAddress().getHostAddress() + ":" + endpoint.port() + "/metrics");
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofLines())
                .body()
                .toList();
    }

    private static StepTelemetry step(float hookMicros, int skipped, long dropped) {
        return StepTelemetry.newBuilder()
                .setRun("run-1")
                .setGeneration(1)
                .setProcessRank(0)
                .setWorldSize(1)
                .setStep(1)
                .setTimestampMs(1)
                .setLoss(1)
                .setGradientNorm(1)
                .setLearningRate(1)
                .setLearningRateScale(1)
                .setMaxAttentionLogit(1)
                .setSpectraStep(-1)
                .setLayers(List.of())
                .setSkippedSamples(skipped)
                .setDroppedMessages(dropped)
                .setHookMicros(hookMicros)
                .setStepMillis(1)
                .setWaitMillis(0)
                .setAwaitsDecision(false)
                .build();
    }
}
