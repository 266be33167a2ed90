package io.instabilityguard.guard.anomaly;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.koopman;
import static io.instabilityguard.guard.Telemetry.layer;
import static io.instabilityguard.guard.Telemetry.statistic;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.anomaly.Reading.Level;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** The shapes of signals and the quantities they look at, each through a detector of its own. */
final class SignalsTest {

    private static Detectors watching(String signal, String condition) {
        return new Detectors(PolicyReader.parse("""
                        signals:
                          mine: {%s}
                          logit: {shape: level, metric: max-attention-logit}
                        detectors: {mine: {after-observed-steps: 0, %s, within-steps: 1, clear-after-steps: 1}}
                        """.formatted(signal, condition), null), new Roster(100));
    }

    @Test
    void shouldTellSteadyGrowthFromAJump() {
        Detectors detectors =
                watching("shape: climb, metric: max-attention-logit, over-steps: 3", "above: {mine: 0.25}");
        for (long step = 0; step < 3; step++) {
            assertThat(level(detectors, logit(step, 10))).isEqualTo(Level.ABSENT);
        }
        assertThat(level(detectors, logit(3, 100))).isEqualTo(Level.QUIET);
        assertThat(level(detectors, logit(4, 130))).isEqualTo(Level.QUIET);
        assertThat(level(detectors, logit(5, 169))).isEqualTo(Level.FIRING);
        assertThat(level(detectors, logit(6, 200))).isEqualTo(Level.QUIET);
    }

    @Test
    void shouldMeasureGrowthOverSteps() {
        Detectors detectors =
                watching("shape: growth, metric: max-attention-logit, over-steps: 50", "above: {mine: 1}");
        for (long step = 0; step < 50; step++) {
            assertThat(level(detectors, logit(step, 10))).isEqualTo(Level.ABSENT);
        }
        assertThat(level(detectors, logit(50, 27))).isEqualTo(Level.QUIET);
        Reading reading = reading(detectors, logit(51, 28));
        assertThat(reading.level()).isEqualTo(Level.FIRING);
        assertThat(reading.finding()).satisfies(finding -> {
            assertThat(finding.value()).isEqualTo(28);
            assertThat(finding.baseline()).isEqualTo(10);
        });
    }

    @Test
    void shouldReduceTheStableRankOfChosenBlocksAndRoles() {
        Detectors detectors = watching(
                "shape: level, metric: stable-rank, of: mean, roles: [query, key], depths: {from: 0, to: 1}",
                "below: {mine: 4}");
        assertThat(level(detectors, ranks(0, 3, 6, 1, 1))).isEqualTo(Level.QUIET);
        assertThat(level(detectors, calm(1).build())).isEqualTo(Level.ABSENT);
        assertThat(level(detectors, ranks(2, 3, 4.9, 100, 100))).isEqualTo(Level.FIRING);
    }

    @Test
    void shouldReduceAnyStatisticByName() {
        Detectors detectors = watching(
                "shape: level, layer-statistic: attention-entropy, of: geometric-mean, hold-steps: 3",
                "below: {mine: 2.1}");
        assertThat(level(detectors, statistics(0, 1, 4))).isEqualTo(Level.FIRING);
        assertThat(level(detectors, calm(2).build())).isEqualTo(Level.FIRING);
        assertThat(level(detectors, calm(3).build())).isEqualTo(Level.ABSENT);
        assertThat(level(detectors, statistics(4, 4, 4))).isEqualTo(Level.QUIET);
        assertThat(level(detectors, statistics(5, Float.NaN, 1))).isEqualTo(Level.ABSENT);
    }

    @Test
    void shouldLeaveOutProfilesThatAbstain() {
        Detectors detectors = watching("shape: level, metric: near-unit-mass", "above: {mine: 0.5}");
        assertThat(level(detectors, profile(0, 0.9, "too few tokens"))).isEqualTo(Level.ABSENT);
        assertThat(level(detectors, profile(1, 0.9, ""))).isEqualTo(Level.FIRING);
        assertThat(level(detectors, profile(2, 0.1, ""))).isEqualTo(Level.QUIET);
    }

    @Test
    void shouldAddUpSignalsAndSayNothingWhileOneIsMissing() {
        Detectors detectors = watching(
                "shape: combination, weights: {logit: 0.1, stable-rank: -0.5}, bias: 1}\n  stable-rank: {shape: level, metric: stable-rank",
                "above: {mine: 0}");
        assertThat(level(detectors, logit(0, 100))).isEqualTo(Level.ABSENT);
        assertThat(level(
                        detectors,
                        StepTelemetry.newBuilder(ranks(1, 22, 22))
                                .setMaxAttentionLogit(101)
                                .build()))
                .isEqualTo(Level.FIRING);
        assertThat(level(
                        detectors,
                        StepTelemetry.newBuilder(ranks(2, 22, 22))
                                .setMaxAttentionLogit(99)
                                .build()))
                .isEqualTo(Level.QUIET);
    }

    @Test
    void shouldLookAtAWindow() {
        Detectors detectors = watching(
                "shape: window, metric: max-attention-logit, window-samples: 3, over-window: min", "above: {mine: 10}");
        List<Level> levels = DoubleStream.of(20, 20, 20, 5, 20, 20, 20)
                .mapToObj(logit -> level(detectors, logit((long) step++, logit)))
                .toList();
        assertThat(levels)
                .containsExactly(
                        Level.ABSENT, Level.ABSENT, Level.FIRING, Level.QUIET, Level.QUIET, Level.QUIET, Level.FIRING);
    }

    private double step;

    @Test
    void shouldTakeDeviationsOfALogarithm() {
        Detectors detectors = watching(
                "shape: deviation, metric: gradient-norm, logarithm: true, decay: 0.97, least-deviation: 0.05, first-variance: 0,"
                        + " most-z: 3, most-z-after-steps: 20",
                "above: {mine: 3}");
        for (long step = 0; step < 100; step++) {
            detectors.inspect(Observation.of(
                    calm(step).setGradientNorm(step % 2 == 0 ? 1 : 2).build()));
        }
        assertThat(level(detectors, calm(100).setGradientNorm(3.5).build())).isEqualTo(Level.QUIET);
        assertThat(level(detectors, calm(101).setGradientNorm(5).build())).isEqualTo(Level.FIRING);
    }

    private static StepTelemetry logit(long step, double logit) {
        return calm(step).setMaxAttentionLogit(logit).build();
    }

    private static StepTelemetry ranks(long step, double query, double key, double... others) {
        return calm(step)
                .setSpectraStep(step)
                .setLayers(List.of(
                        layer("q", MatrixRole.QUERY, 1, query),
                        layer("k", MatrixRole.KEY, 1, key),
                        layer("mixing", MatrixRole.RESIDUAL_MIXING, 1, 1),
                        layer("up", MatrixRole.MLP_UP, 1, others.length > 0 ? others[0] : 22)))
                .build();
    }

    private static StepTelemetry statistics(long step, float first, float second) {
        return calm(step)
                .setProfilesStep(step)
                .setStatistics(List.of(
                        statistic("attentionEntropy", 0, first),
                        statistic("attentionEntropy", 1, second),
                        statistic("other", 0, 0)))
                .build();
    }

    private static StepTelemetry profile(long step, double nearUnitMass, String abstained) {
        return calm(step)
                .setProfilesStep(step)
                .setKoopman(List.of(koopman(nearUnitMass, abstained)))
                .build();
    }

    private static Level level(Detectors detectors, StepTelemetry telemetry) {
        return reading(detectors, telemetry).level();
    }

    private static Reading reading(Detectors detectors, StepTelemetry telemetry) {
        return detectors.inspect(Observation.of(telemetry)).stream()
                .filter(reading -> reading.detector().equals("mine"))
                .findFirst()
                .orElseThrow();
    }
}
