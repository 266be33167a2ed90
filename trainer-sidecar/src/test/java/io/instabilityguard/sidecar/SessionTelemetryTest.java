package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.sidecar.command.Commands;
import io.instabilityguard.sidecar.command.RunProgress;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import java.nio.file.Files;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Steps and spectra over a real socket and a real staging file. Only Kafka is fake. */
@Timeout(60)
class SessionTelemetryTest extends SidecarFixture {
    @Test
    void shouldReportEachStepInOrder() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            for (int step = 0; step < 100; step++) {
                hook.send(Messages.step(step, false));
            }
            await().until(() -> telemetry.sent.size() == 100);
        }

        assertThat(telemetry.sent).extracting(StepTelemetry::getStep).isSorted().doesNotHaveDuplicates();
        StepTelemetry record = telemetry.sent.get(7);
        assertThat(record.getRun()).isEqualTo("run-1");
        assertThat(record.getGeneration()).isEqualTo(5);
        assertThat(record.getTimestampMs()).isEqualTo(1_700_000_000_000L);
        assertThat(record.getLoss()).isEqualTo(2.0);
        assertThat(record.getSpectraStep()).isEqualTo(-1);
        assertThat(record.getAwaitsDecision()).isFalse();
    }

    @Test
    void shouldReportTheSpectraOfASampleWithTheNextStep() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            hook.stage(0, 3, 0, 0, 4);
            hook.send(Messages.step(0, true));
            assertThat(hook.wire.next(SidecarMessage.Sampled.class).step()).isZero();
            await().until(() -> {
                hook.send(Messages.step(telemetry.sent.size(), false));
                return telemetry.sent.stream().anyMatch(record -> record.getSpectraStep() == 0);
            });
        }

        List<LayerSpectrum> layers = telemetry.sent.stream()
                .filter(record -> record.getSpectraStep() == 0)
                .findFirst()
                .orElseThrow()
                .getLayers();
        assertThat(layers).extracting(LayerSpectrum::getName).containsExactly("query", "key");
        assertThat(layers.get(0).getFrobeniusNorm()).isEqualTo(5f, within(1e-4f));
        assertThat(layers.get(0).getSpectralNorm()).isEqualTo(4f, within(1e-3f));
        assertThat(layers.get(0).getStableRank()).isEqualTo(25f / 16, within(1e-3f));
    }

    @Test
    void shouldReportAStepWithItsOwnSpectraInLockstep() throws Exception {
        try (StagedHook hook = attach(Messages.HelloBuilder::lockstep)) {
            for (int step = 0; step < 20; step++) {
                hook.send(Messages.step(step, step % 10 == 0));
            }
            await().until(() -> telemetry.sent.size() == 20);
        }

        assertThat(telemetry.sent).extracting(StepTelemetry::getStep).isSorted();
        assertThat(telemetry.sent).allMatch(StepTelemetry::getAwaitsDecision);
        assertThat(telemetry.sent.get(0).getSpectraStep()).isZero();
        assertThat(telemetry.sent.get(1).getSpectraStep()).isEqualTo(-1);
        assertThat(telemetry.sent.get(10).getSpectraStep()).isEqualTo(10);
        assertThat(telemetry.sent.get(10).getLayers()).hasSize(2);
    }

    @Test
    void shouldSayThatWeightsAreNotFinite() throws Exception {
        try (StagedHook hook = attach(Messages.HelloBuilder::lockstep)) {
            hook.stage(1, 1, Float.NaN, 0, 1);
            hook.send(Messages.step(0, true));
            await().until(() -> telemetry.sent.size() == 1);
        }

        assertThat(telemetry.sent.get(0).getLayers())
                .extracting(LayerSpectrum::getFinite)
                .containsExactly(true, false);
    }

    @Test
    void shouldLoseASampleButNotTheSessionWhenTheFileShrinks() throws Exception {
        try (StagedHook hook = attach(UnaryOperator.identity())) {
            Files.write(hook.staging, new byte[70]);
            hook.send(Messages.step(0, true));

            assertThat(hook.wire.next()).isEqualTo(new SidecarMessage.Sampled(0));
            hook.send(Messages.step(1, false));
            await().until(() -> telemetry.sent.size() == 2);
        }
        assertThat(telemetry.sent.get(1).getSpectraStep()).isEqualTo(-1);
    }

    @Test
    void shouldTellProgressOnlyAfterTheCommandsThatItCounts() throws Exception {
        try (StagedHook hook = attach(Messages.HelloBuilder::lockstep)) {
            source.guard.onProgress(new RunProgress("run-1", 5, 9, 0, "", 0));
            source.guard.onProgress(new RunProgress("run-1", 4, 99, 0, "", 0));
            source.guard.onProgress(new RunProgress("run-1", 5, 10, 1, "", 0));
            source.guard.onCommand(Commands.learningRate("c", 0));

            assertThat(hook.wire.next()).isEqualTo(new SidecarMessage.Progress(9));
            assertThat(hook.wire.next(SidecarMessage.Command.class).id()).isEqualTo("c");
            assertThat(hook.wire.next()).isEqualTo(new SidecarMessage.Progress(10));
        }
    }
}
