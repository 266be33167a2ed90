package io.instabilityguard.guard.anomaly;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.layer;
import static io.instabilityguard.guard.Telemetry.sampled;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.anomaly.Reading.Level;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.LayerStatistic;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DetectorsTest {

    private static final int WARM = 60;

    private static final Policy POLICY = PolicyReader.parse("detectors: {stable-rank-fall: {enabled: true}}", null);

    private final Detectors detectors = new Detectors(POLICY, new Roster(100));

    @Test
    void shouldBeQuietOnACalmRun() {
        List<String> fired = new ArrayList<>();
        for (long step = 0; step < 500; step++) {
            fired.addAll(fired(sampled(step, 1 + step * 1e-3, 1 + step * 1e-3).build()));
        }
        assertThat(fired).isEmpty();
    }

    @Test
    void shouldFireOnAGradientSpikeWithRisingLoss() {
        warmUp(WARM);
        assertThat(fired(calm(WARM).setGradientNorm(21).setLoss(2.7).build())).containsExactly("gradient-spike");
    }

    @Test
    void shouldSeeTheLossJumpAlthoughItWasFarHigherBefore() {
        warmUp(20);
        for (int step = 20; step < WARM; step++) {
            fired(calm(step).setLoss(1.6).build());
        }
        assertThat(fired(calm(WARM).setGradientNorm(21).setLoss(1.8).build())).containsExactly("gradient-spike");
    }

    @Test
    void shouldLetAGradientSpikePassWhileTheLossFalls() {
        warmUp(WARM);
        assertThat(fired(calm(WARM).setGradientNorm(21).setLoss(2.3).build())).isEmpty();
    }

    @Test
    void shouldLetASixteenfoldGradientPass() {
        warmUp(WARM);
        assertThat(fired(calm(WARM).setGradientNorm(16).setLoss(2.7).build())).isEmpty();
    }

    @Test
    void shouldCallAFiftyfoldGradientABlowUpAndNoShockOfBadData() {
        warmUp(WARM);
        assertThat(fired(calm(WARM).setGradientNorm(49).setLoss(9).build()))
                .containsExactlyInAnyOrder("gradient-spike", "loss-spike", "loss-shock");
        assertThat(fired(calm(WARM + 1).setGradientNorm(60).setLoss(9).build()))
                .containsExactlyInAnyOrder("gradient-spike", "loss-spike", "gradient-blow-up");
    }

    @Test
    void shouldFireWhenTheOutputOfAnMlpIsReplacedWithinASample() {
        warmUp(80);
        assertThat(fired(moved(80, MatrixRole.MLP_DOWN, 0.79f).build())).isEmpty();
        assertThat(fired(moved(90, MatrixRole.QUERY, 2).build())).isEmpty();
        assertThat(fired(moved(100, MatrixRole.MLP_DOWN, 0.81f).build())).containsExactly("large-updates");
    }

    /** A step at which a matrix of this role was sampled, which has moved so far. */
    private static StepTelemetry.Builder moved(long step, MatrixRole role, float ratio) {
        return calm(step)
                .setSpectraStep(step)
                .setLayers(List.of(layer("moved", role, 1, 8)))
                .setStatistics(List.of(new LayerStatistic("updateRatio", "moved", 0, List.of(ratio))));
    }

    @Test
    void shouldFireOnALossSpikeAlone() {
        warmUp(WARM);
        assertThat(fired(calm(WARM).setLoss(4).build())).containsExactly("loss-spike");
    }

    @Test
    void shouldFireWhenAttentionLogitsJump() {
        warmUp(WARM);
        assertThat(fired(calm(WARM).setMaxAttentionLogit(90).build())).containsExactly("logit-jump");
    }

    @Test
    void shouldLetAJumpBelowTheFloorPass() {
        warmUp(WARM);
        assertThat(fired(calm(WARM).setMaxAttentionLogit(79.9).build())).isEmpty();
    }

    @Test
    void shouldFireWhenLargeAttentionLogitsSurge() {
        warmUp(WARM - 20);
        for (int step = WARM - 20; step < WARM; step++) {
            fired(calm(step).setMaxAttentionLogit(110).build());
        }
        assertThat(fired(calm(WARM).setMaxAttentionLogit(499).build())).isEmpty();
        assertThat(fired(calm(WARM + 1).setMaxAttentionLogit(501).build())).containsExactly("logit-surge");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 39})
    void shouldSayNothingBeforeItIsWarm(int step) {
        warmUp(step);
        assertThat(fired(calm(step)
                        .setGradientNorm(1e6)
                        .setLoss(100)
                        .setMaxAttentionLogit(1e6)
                        .build()))
                .isEmpty();
        assertThat(level("loss-spike", calm(step + 1).build())).isEqualTo(step == 39 ? Level.QUIET : Level.ABSENT);
    }

    @Test
    void shouldFireWhenAttentionOutgrowsAndStayElevatedWhileTheFlagIsUp() {
        outgrow();
        assertThat(level(
                        "attention-outgrowth", calm(31).setMaxAttentionLogit(31).build()))
                .isEqualTo(Level.FIRING);
        assertThat(level(
                        "attention-outgrowth", calm(32).setMaxAttentionLogit(29).build()))
                .isEqualTo(Level.ELEVATED);
        detectors.inspect(Observation.of(sampled(40, 1.8, 1).build()));
        assertThat(level("attention-outgrowth", calm(41).build())).isEqualTo(Level.ELEVATED);
        detectors.inspect(Observation.of(sampled(50, 1.75, 1).build()));
        assertThat(level("attention-outgrowth", calm(51).build())).isEqualTo(Level.QUIET);
    }

    @Test
    void shouldNotCallItAJumpOfLogitsWhenAttentionHasOutgrown() {
        outgrow();
        for (long step = 31; step < WARM; step++) {
            detectors.inspect(Observation.of(calm(step).build()));
        }
        assertThat(fired(calm(WARM).setMaxAttentionLogit(100).build())).containsExactly("attention-outgrowth");
    }

    @Test
    void shouldNotTakeAnAdapterThatGrowsFromZeroForOutgrowth() {
        for (long step = 0; step < 40; step++) {
            detectors.inspect(Observation.of(adapted(step, step == 0 ? 0 : 1e-3 * step)));
        }
        assertThat(level(
                        "attention-outgrowth", calm(40).setMaxAttentionLogit(31).build()))
                .isEqualTo(Level.QUIET);
    }

    private static StepTelemetry adapted(long step, double norm) {
        return calm(step)
                .setSpectraStep(step)
                .setLayers(List.of(
                        layer("blocks.0.attention.query.lora", MatrixRole.QUERY, norm, 8),
                        layer("blocks.0.attention.query", MatrixRole.QUERY, 1, 8),
                        layer("blocks.0.mlp.up", MatrixRole.MLP_UP, 1, 8)))
                .build();
    }

    @Test
    void shouldIgnoreASampleWithANormThatIsNotFinite() {
        outgrow();
        assertThat(fired(sampled(31, Double.NaN, 1).setMaxAttentionLogit(90).build()))
                .containsExactly("non-finite", "attention-outgrowth");
    }

    @Test
    void shouldFireOnInfinityAtAnyStep() {
        assertThat(fired(calm(0).setLoss(Double.POSITIVE_INFINITY).build())).containsExactly("non-finite");
    }

    @Test
    void shouldFireWhenANumberBecomesNaNAndLearnNothingFromIt() {
        warmUp(WARM);
        for (long step = WARM; step < WARM + 100; step++) {
            assertThat(fired(calm(step).setLoss(Double.NaN).setGradientNorm(1e9).build()))
                    .containsExactly("non-finite");
        }
        assertThat(fired(calm(200).setGradientNorm(21).setLoss(2.7).build())).containsExactly("gradient-spike");
    }

    @Test
    void shouldTakeAScalarThatWasNeverANumberForUnknown() {
        for (long step = 0; step < WARM; step++) {
            assertThat(fired(calm(step).setMaxAttentionLogit(Double.NaN).build()))
                    .isEmpty();
        }
        assertThat(fired(calm(WARM)
                        .setMaxAttentionLogit(Double.NaN)
                        .setGradientNorm(21)
                        .setLoss(2.7)
                        .build()))
                .containsExactly("gradient-spike");
    }

    @Test
    void shouldRecordACollapseOfStableRankWithItsForecast() {
        warmUp(40);
        for (long step = 40; step < 90; step += 10) {
            detectors.inspect(Observation.of(ranked(step, 20)));
        }
        assertThat(fired(ranked(90, 4.1))).isEmpty();
        Reading reading = reading("stable-rank-fall", ranked(100, 3));
        assertThat(reading.level()).isEqualTo(Level.FIRING);
        assertThat(reading.finding()).satisfies(finding -> {
            assertThat(finding.layers()).containsExactly("blocks.0.attention.query");
            assertThat(finding.baseline()).isEqualTo(20);
            assertThat(finding.forecastSteps()).isPositive().isFinite();
        });
    }

    @Test
    void shouldGoOnTheSameAfterItsMemoryWasStored() {
        outgrow();
        Detectors restored = new Detectors(POLICY, roster());
        DoubleStream.Builder numbers = DoubleStream.builder();
        detectors.save(numbers);
        restored.load(numbers.build().iterator()::nextDouble);
        for (long step = 31; step < 100; step++) {
            StepTelemetry telemetry = calm(step)
                    .setGradientNorm(step % 17 == 0 ? 30 : 1)
                    .setMaxAttentionLogit(31)
                    .build();
            assertThat(restored.inspect(Observation.of(telemetry)))
                    .isEqualTo(detectors.inspect(Observation.of(telemetry)));
        }
    }

    private static Roster roster() {
        Roster roster = new Roster(100);
        sampled(0, 1, 1).getLayers().forEach(roster::enter);
        return roster;
    }

    private static StepTelemetry ranked(long step, double stableRank) {
        return calm(step)
                .setSpectraStep(step)
                .setLayers(List.of(layer("blocks.0.attention.query", MatrixRole.QUERY, 1, stableRank)))
                .build();
    }

    private void outgrow() {
        detectors.inspect(Observation.of(sampled(0, 1, 1).build()));
        for (long step = 1; step < 30; step++) {
            detectors.inspect(Observation.of(calm(step).build()));
        }
        detectors.inspect(Observation.of(sampled(30, 2.6, 1).build()));
    }

    private void warmUp(long steps) {
        for (long step = 0; step < steps; step++) {
            detectors.inspect(Observation.of(calm(step).build()));
        }
    }

    private List<String> fired(StepTelemetry telemetry) {
        return detectors.inspect(Observation.of(telemetry)).stream()
                .filter(Reading::isFiring)
                .map(Reading::detector)
                .toList();
    }

    private Level level(String detector, StepTelemetry telemetry) {
        return reading(detector, telemetry).level();
    }

    private Reading reading(String detector, StepTelemetry telemetry) {
        return detectors.inspect(Observation.of(telemetry)).stream()
                .filter(reading -> reading.detector().equals(detector))
                .findFirst()
                .orElseThrow();
    }
}
