package io.instabilityguard.sidecar.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.sidecar.Fakes;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.koopman.KoopmanMode;
import io.instabilityguard.sidecar.sample.StepSample;
import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What was measured as a record, there and back, and how large it may become. */
@Timeout(60)
class SampleRecordsTest {
    private static final int LARGEST = 1 << 20;

    private final AtomicInteger trimmed = new AtomicInteger();
    private final Fakes.Sender<StepTelemetry> sender = new Fakes.Sender<>();
    private final SidecarMetrics metrics = new SidecarMetrics() {
        @Override
        public void telemetryTrimmed() {
            trimmed.incrementAndGet();
        }
    };

    @Test
    void shouldReadBackARecordWithEverything() {
        StepTelemetry record = reported(sample(2, 100, List.of("why")), LARGEST);

        var serde = RecordSerdes.of(Topics.TELEMETRY, Map.of());
        byte[] bytes = serde.serializer().serialize(Topics.TELEMETRY.name(), record);
        assertThat(serde.deserializer().deserialize(Topics.TELEMETRY.name(), bytes))
                .isEqualTo(record);
        assertThat(record.getProfilesStep()).isEqualTo(9);
        assertThat(record.getSpectraStep()).isEqualTo(9);
        assertThat(record.getLayers()).hasSize(1);
        assertThat(record.getKoopman()).hasSize(2);
        assertThat(record.getKoopman().get(1).getBlock()).isEqualTo("blocks.1");
        assertThat(record.getKoopman().get(0).getEigenvalues()).hasSize(128).startsWith(0.5f, -0.25f);
        assertThat(record.getKoopman().get(0).getEigenvectorCondition()).isInfinite();
        assertThat(record.getMixing().get(0).getUnprojected()).containsExactly(4f, 3f, 2f, 1f);
        assertThat(record.getStatistics().get(0).getValues()).containsExactly(1.5f, 2.5f);
        assertThat(record.getOmissions()).containsExactly("why");
        assertThat(trimmed).hasValue(0);
    }

    @Test
    void shouldSayOfWhichStepNothingIs() {
        StepTelemetry record = reported(StepSample.NONE, LARGEST);

        assertThat(record.getProfilesStep()).isEqualTo(-1);
        assertThat(record.getSpectraStep()).isEqualTo(-1);
    }

    @Test
    void shouldKeepSixtyFourOmissionsAndCountTheRest() {
        StepTelemetry record = reported(StepSample.omitting(Collections.nCopies(100, "why")), LARGEST);

        assertThat(record.getOmissions()).hasSize(64).endsWith("37 more");
    }

    @Test
    void shouldDropEigenvaluesBeforeARecordIsTooLarge() throws Exception {
        StepTelemetry record = reported(sample(3_000, 64, List.of("why")), LARGEST);

        assertThat(StepTelemetry.getEncoder().encode(record).remaining()).isLessThan(LARGEST);
        assertThat(record.getKoopman())
                .hasSize(3_000)
                .allMatch(profile -> profile.getEigenvalues().isEmpty());
        assertThat(record.getOmissions()).containsExactly("why");
        assertThat(trimmed).hasValue(1);
    }

    @Test
    void shouldDropOmissionsNextAndNothingElse() {
        StepTelemetry record = reported(sample(1, 1, Collections.nCopies(64, "x".repeat(300))), 5_000);

        assertThat(record.getOmissions()).isEmpty();
        assertThat(record.getKoopman()).extracting(KoopmanProfile::getRank).containsExactly(1);
        assertThat(record.getMixing()).hasSize(1);
    }

    private StepTelemetry reported(StepSample sample, int recordBytes) {
        try (TelemetryReporter reporter = new TelemetryReporter(sender, 8, recordBytes, metrics, Fakes.clock())) {
            reporter.start();
            reporter.open(Messages.hello("run-1", 5).build()).report(Messages.step(9, true), sample, false);
        }
        return sender.sent.get(0);
    }

    private static StepSample sample(int blocks, int modes, List<String> omissions) {
        Hello hello = Messages.hello("run-1", 5)
                .matrix("query", Hello.Role.QUERY, 2, 2, "float32")
                .mixer("mix", 1, 3, 2, "")
                .build();
        return new StepSample(
                9,
                List.of(new StepSample.Spectrum(hello.matrices().get(0), new MatrixSpectrum(true, 2, 1, 0, 4, 3), 0.5)),
                IntStream.range(0, blocks)
                        .mapToObj(block -> profile(block, modes))
                        .toList(),
                List.of(new StepSample.Mixing(
                        hello.mixers().get(0), true, List.of(1f, 0f, 0f, 1f), List.of(4f, 3f, 2f, 1f))),
                List.of(new Statistic("attentionLogit", "blocks.0", 0, List.of(1.5, 2.5))),
                omissions);
    }

    private static StepSample.Profile profile(int block, int modes) {
        Hello.Snapshot snapshot = new Hello.Snapshot(block, "blocks." + block, block, 4, 8, "float32", 64, 192);
        return new StepSample.Profile(
                snapshot,
                new io.instabilityguard.sidecar.koopman.KoopmanProfile(
                        8,
                        4,
                        modes,
                        0.5,
                        0.25,
                        0.125,
                        1.5,
                        Double.POSITIVE_INFINITY,
                        0.1,
                        Double.NaN,
                        1,
                        "",
                        Collections.nCopies(modes, new KoopmanMode(0.5, -0.25, 0.01, true))));
    }
}
