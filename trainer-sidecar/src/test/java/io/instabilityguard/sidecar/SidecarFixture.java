package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.sidecar.command.Commands;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A whole sidecar over a real socket and real staging files; only Kafka is fake. */
abstract class SidecarFixture {
    @TempDir
    Path folder;

    final Fakes.Sender<StepTelemetry> telemetry = new Fakes.Sender<>();
    final Fakes.Sender<InterventionOutcome> outcomes = new Fakes.Sender<>();
    final Fakes.Source source = new Fakes.Source();
    final AtomicInteger refusedMeasurements = new AtomicInteger();
    Sidecar sidecar;

    @BeforeEach
    void start() throws IOException {
        Map<String, String> settings = new HashMap<>(settings());
        settings.put("socket", folder.resolve("guard.sock").toString());
        settings.put("numerics.backend", "ejml");
        SidecarMetrics metrics = new SidecarMetrics() {
            @Override
            public void measurementsRefused(int count) {
                refusedMeasurements.addAndGet(count);
            }
        };
        sidecar = new Sidecar(
                        SidecarConfig.of(settings),
                        new Sidecar.Ports(telemetry, source, outcomes),
                        metrics,
                        Fakes.clock())
                .start();
    }

    @AfterEach
    void stop() {
        sidecar.close();
    }

    /** Settings beyond the socket and the backend. */
    Map<String, String> settings() {
        return Map.of();
    }

    StagedHook attach(UnaryOperator<Messages.HelloBuilder> more) throws Exception {
        return attach(5, more);
    }

    /** Returns when the session takes commands: what comes before is read again in production. */
    StagedHook attach(long generation, UnaryOperator<Messages.HelloBuilder> more) throws Exception {
        int before = source.rereads.size();
        StagedHook hook = StagedHook.attach(sidecar.socket(), generation, more);
        await().until(() -> source.rereads.size() > before);
        return hook;
    }

    StagedHook attachAndReceive(String id) throws Exception {
        StagedHook hook = attach(UnaryOperator.identity());
        source.guard.onCommand(Commands.msign(id, 0, "query"));
        hook.wire.next(SidecarMessage.Command.class);
        return hook;
    }

    InterventionOutcome onlyOutcome() {
        await().until(() -> !outcomes.sent.isEmpty());
        assertThat(outcomes.sent).hasSize(1);
        return outcomes.sent.get(0);
    }
}
