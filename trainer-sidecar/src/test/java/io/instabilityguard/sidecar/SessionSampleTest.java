package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.LayerStatistic;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.ResidualMixing;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.HookMessage.MixerSampled;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Snapshots, mixers and statistics on their way into telemetry. Only Kafka is fake. */
@Timeout(60)
class SessionSampleTest extends SidecarFixture {
    private static final int TOKENS = 64;
    private static final int WIDTH = 2;
    private static final Statistic LOGITS = new Statistic("attentionLogit", "blocks.0", 0, List.of(3.0, 4.0));

    @Override
    Map<String, String> settings() {
        return Map.of("profiles-every", "2", "increments", "true");
    }

    @Test
    void shouldReportEverythingThatIsSampled() throws Exception {
        try (StagedHook hook = attachWithEverything(true)) {
            stage(hook, 1);
            hook.send(sampled(0, TOKENS, TOKENS));
            StepTelemetry record = record(0);

            assertThat(record.getProfilesStep()).isZero();
            assertThat(record.getOmissions()).containsExactly("the hook's own");
            assertThat(record.getKoopman())
                    .extracting(KoopmanProfile::getBlock)
                    .containsExactly("blocks.0", "blocks.1");
            assertThat(record.getKoopman().get(0).getAbstained()).isEmpty();
            assertThat(record.getKoopman().get(0).getSpectralRadius()).isEqualTo(1.5, within(1e-3));
            assertThat(record.getMixing()).extracting(ResidualMixing::getOrder).containsExactly(0, 1);
            assertThat(record.getMixing().get(0).getMixed()).containsExactly(1f, 0.5f, 0f, 1f);
            assertThat(record.getMixing().get(0).getParameter()).isEqualTo("mix");
            assertThat(record.getMixing().get(0).getDynamic()).isFalse();
            assertThat(record.getMixing().get(1).getProjected()).isTrue();
            assertThat(record.getStatistics())
                    .extracting(LayerStatistic::getMetric)
                    .contains(
                            "attentionLogit",
                            "blockNorm",
                            "blockAlignment",
                            "blockLogProductNorm",
                            "signDiversity",
                            "residualRms")
                    .doesNotContain("updateRatio");
            assertThat(statistic(record, "attentionLogit").getValues()).containsExactly(3f, 4f);
            // Half of the stream leaves 1.5 times a standard normal, half 0.5 times
            assertThat(statistic(record, "residualRms").getValues().get(0))
                    .isEqualTo((float) Math.sqrt((1.5 * 1.5 + 0.5 * 0.5) / 2), within(0.15f));
            assertThat(statistic(record, "blockNorm").getValues().get(0)).isEqualTo(1.5f, within(1e-2f));
            assertThat(record.getLayers()).extracting(LayerSpectrum::getRole).contains(MatrixRole.RESIDUAL_MIXING);
            assertThat(record.getLayers().get(2).getAlignment()).isNaN();
        }
    }

    @Test
    void shouldMeasureWhatChangedAndProfileAtEverySecondSample() throws Exception {
        try (StagedHook hook = attachWithEverything(true)) {
            for (int step = 0; step < 3; step++) {
                stage(hook, step + 1);
                hook.send(sampled(step, TOKENS, TOKENS));
                assertThat(record(step).getSpectraStep()).isEqualTo(step);
            }
            assertThat(record(0).getKoopman()).hasSize(2);
            assertThat(record(1).getKoopman()).isEmpty();
            assertThat(record(2).getKoopman()).hasSize(2);
            assertThat(statistic(record(1), "updateRatio").getValues().get(0)).isEqualTo(1f, within(1e-6f));
            assertThat(statistic(record(2), "updateRatio").getValues().get(0)).isEqualTo(0.5f, within(1e-6f));
            assertThat(statistic(record(1), "queryKeyIncrementRank").getValues().get(0))
                    .isBetween(1f, 2.001f);
            assertThat(record(1).getStatistics())
                    .extracting(LayerStatistic::getLayer)
                    .doesNotContain("mix");
        }
    }

    @Test
    void shouldNotTakeARewindForAnUpdate() throws Exception {
        try (StagedHook hook = attachWithEverything(true)) {
            int records = 0;
            for (int step : new int[] {4, 5, 3, 4}) {
                stage(hook, records + 1);
                hook.send(sampled(step, TOKENS, TOKENS));
                assertThat(record(records++).getSpectraStep()).isEqualTo(step);
            }
            assertThat(List.of(0, 1, 2, 3))
                    .filteredOn(index -> record(index).getStatistics().stream()
                            .anyMatch(statistic -> statistic.getMetric().equals("updateRatio")))
                    .containsExactly(1, 3);
        }
    }

    @Test
    void shouldAbstainVisiblyFromWhatIsNotFinite() throws Exception {
        try (StagedHook hook = attachWithEverything(true)) {
            stage(hook, 1);
            hook.stage(hook.hello.enteringSlot(0), Float.NaN);
            hook.stage(hook.hello.mixedSlot(1), Float.POSITIVE_INFINITY);
            hook.send(sampled(0, TOKENS, TOKENS));
            StepTelemetry record = record(0);

            assertThat(record.getKoopman().get(0).getAbstained()).isNotEmpty();
            assertThat(record.getKoopman().get(0).getSpectralRadius()).isNaN();
            assertThat(record.getKoopman().get(1).getAbstained()).isEmpty();
            assertThat(record.getMixing()).extracting(ResidualMixing::getLayer).containsExactly("mix.0");
            assertThat(record.getOmissions())
                    .anyMatch(line -> line.contains("snapshot of blocks.0 holds a NaN"))
                    .anyMatch(line -> line.contains("mixer mix.1 holds a NaN"))
                    .anyMatch(line -> line.startsWith("block Jacobians: "));
            assertThat(refusedMeasurements).hasValue(2);
            assertThat(record.getStatistics())
                    .extracting(LayerStatistic::getMetric)
                    .doesNotContain("blockNorm");
        }
    }

    @Test
    void shouldRefuseWhatDoesNotFitAndGoOn() throws Exception {
        try (StagedHook hook = attachWithEverything(true)) {
            stage(hook, 1);
            hook.send(Messages.sampled(
                    0,
                    List.of(TOKENS + 1, TOKENS),
                    List.of(new MixerSampled(9, true)),
                    List.of(new Statistic("attentionEntropy", "nowhere", 0, List.of(1.0)))));
            StepTelemetry record = record(0);

            assertThat(record.getOmissions()).hasSizeGreaterThanOrEqualTo(3);
            assertThat(record.getOmissions().get(0)).contains("snapshotTokens[0] of blocks.0 is 65");
            assertThat(record.getKoopman()).extracting(KoopmanProfile::getBlock).containsExactly("blocks.1");
            assertThat(record.getMixing()).isEmpty();
            assertThat(record.getLayers()).hasSize(3);
            assertThat(refusedMeasurements).hasValue(3);
            hook.send(Messages.step(1, false));
            assertThat(record(1).getOmissions()).isEmpty();
        }
    }

    @Test
    void shouldHandTheSlotsBackAndReportWithALaterStep() throws Exception {
        try (StagedHook hook = attachWithEverything(false)) {
            stage(hook, 1);
            hook.send(sampled(0, TOKENS, TOKENS));
            assertThat(hook.wire.next()).isEqualTo(new SidecarMessage.Sampled(0));
            await().until(() -> {
                hook.send(Messages.step(telemetry.sent.size(), false));
                return telemetry.sent.stream().anyMatch(record -> record.getProfilesStep() == 0);
            });
        }
        StepTelemetry record = telemetry.sent.stream()
                .filter(each -> each.getProfilesStep() == 0)
                .findFirst()
                .orElseThrow();
        assertThat(record.getStep()).isPositive();
        assertThat(record.getSpectraStep()).isZero();
        assertThat(record.getKoopman()).hasSize(2);
    }

    private static HookMessage.Step sampled(long step, Integer... tokens) {
        return Messages.sampled(
                step,
                List.of(tokens),
                List.of(new MixerSampled(0, false), new MixerSampled(1, true)),
                List.of(LOGITS),
                "the hook's own");
    }

    /** Weights, mixers and two blocks: each multiplies the stream by 1.5 and by 0.5. */
    private static void stage(StagedHook hook, float weight) throws Exception {
        hook.stage(0, weight, 0, 0, 2 * weight);
        hook.stage(1, weight, 0, 0, weight);
        hook.stage(hook.hello.mixedSlot(0), 1, 0.5f, 0, 1);
        hook.stage(hook.hello.mixedSlot(1), 0.5f, 0.5f, 0.5f, 0.5f);
        float[] entering = new float[TOKENS * WIDTH];
        float[] leaving = new float[TOKENS * WIDTH];
        Random random = new Random(7);
        for (int i = 0; i < entering.length; i++) {
            entering[i] = (float) random.nextGaussian();
            leaving[i] = entering[i] * (i % WIDTH == 0 ? 1.5f : 0.5f);
        }
        for (int block = 0; block < 2; block++) {
            hook.stage(hook.hello.enteringSlot(block), entering);
            hook.stage(hook.hello.enteringSlot(block) + 1, leaving);
        }
    }

    private StagedHook attachWithEverything(boolean lockstep) throws Exception {
        return attach(builder -> (lockstep ? builder.lockstep() : builder)
                .matrix("mix", Hello.Role.RESIDUAL_MIXING, 2, 2, "float32")
                .snapshot("blocks.0", 0, WIDTH, TOKENS, "float32")
                .snapshot("blocks.1", 1, WIDTH, TOKENS, "float32")
                .mixer("mix.0", 0, 2, 2, "mix")
                .mixer("mix.1", 1, 2, 2, "")
                .heads("blocks.0", 2));
    }

    private StepTelemetry record(long step) {
        await().until(() -> telemetry.sent.size() > step);
        return telemetry.sent.get((int) step);
    }

    private static LayerStatistic statistic(StepTelemetry record, String metric) {
        return record.getStatistics().stream()
                .filter(statistic -> statistic.getMetric().equals(metric))
                .findFirst()
                .orElseThrow(() -> new AssertionError(metric + " is missing in " + record.getStatistics()));
    }
}
