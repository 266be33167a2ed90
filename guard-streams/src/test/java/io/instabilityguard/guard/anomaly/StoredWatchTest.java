package io.instabilityguard.guard.anomaly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.instabilityguard.guard.Telemetry;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.LongToDoubleFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is told from the stores is what the detectors themselves say. */
final class StoredWatchTest {

    private static final Policy POLICY = PolicyReader.defaults();
    private static final String QUERY = "blocks.0.attention.query";

    private static List<StepTelemetry> steps(long count, LongFunction<StepTelemetry> step) {
        return LongStream.range(0, count).mapToObj(step).toList();
    }

    private static StepTelemetry calm(long step) {
        return Telemetry.calm(step).build();
    }

    private static DetectorReport detector(WatchReport report, String name) {
        return report.detectors().stream()
                .filter(detector -> detector.detector().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static ConditionReport condition(WatchReport report, String detector, String signal) {
        return detector(report, detector).conditions().stream()
                .filter(condition -> condition.signal().equals(signal))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldSayOfEveryStepWhatTheDetectorsSaid() {
        RunWatch watch = new RunWatch(POLICY, Telemetry.GENERATION, new Roster(100));
        List<StepTelemetry> steps = new ArrayList<>();
        for (long step = 0; step < 150; step++) {
            StepTelemetry next = eventful(step);
            steps.add(next);
            List<Reading> readings = watch.take(next).readings();
            WatchReport report = StoredWatches.report(POLICY, steps, "");
            assertThat(report.step()).isEqualTo(step);
            for (Reading reading : readings) {
                WatchState state = detector(report, reading.detector()).state();
                assertThat(state).as("%s at step %d", reading.detector(), step).isIn(allowed(reading.level()));
            }
        }
    }

    /** Rank 1 holds the matrices, and its records come last: what is told is of the last step of rank 0. */
    @Test
    void shouldSayOfSeveralRanksWhatTheDetectorsSaid() {
        RunWatch watch = new RunWatch(POLICY, Telemetry.GENERATION, new Roster(100));
        List<StepTelemetry> records = new ArrayList<>();
        List<Reading> readings = List.of();
        for (long step = 0; step < 100; step++) {
            records.add(StepTelemetry.newBuilder(eventful(step))
                    .setWorldSize(2)
                    .setLayers(List.of())
                    .setSpectraStep(-1)
                    .build());
            readings = watch.take(records.get(records.size() - 1)).readings();
            records.add(StepTelemetry.newBuilder(
                            Telemetry.sampled(step, 1 + step / 40.0, 1).build())
                    .setWorldSize(2)
                    .setProcessRank(1)
                    .build());
            watch.take(records.get(records.size() - 1));
        }
        WatchReport report = StoredWatches.report(POLICY, records, "");
        assertThat(report.step()).isEqualTo(99);
        assertThat(detector(report, "attention-outgrowth").state()).isEqualTo(WatchState.ALARM);
        for (Reading reading : readings) {
            assertThat(detector(report, reading.detector()).state())
                    .as(reading.detector())
                    .isIn(allowed(reading.level()));
        }
    }

    private static StepTelemetry eventful(long step) {
        if (step == 70) {
            return Telemetry.spike(step);
        }
        if (step == 90) {
            return Telemetry.calm(step).setLoss(Double.NaN).build();
        }
        return step % 10 == 0
                ? Telemetry.sampled(step, 1 + step / 40.0, 1)
                        .setMaxAttentionLogit(step)
                        .build()
                : Telemetry.calm(step).setMaxAttentionLogit(step).build();
    }

    private static List<WatchState> allowed(Reading.Level level) {
        return switch (level) {
            case FIRING -> List.of(WatchState.ALARM);
            case ELEVATED -> List.of(WatchState.ELEVATED);
            case QUIET -> List.of(WatchState.QUIET);
            case ABSENT -> List.of(WatchState.WARMING_UP, WatchState.BLIND, WatchState.ABSTAINS);
        };
    }

    @Test
    void shouldHoldTheReadingAgainstTheBaselineBeforeIt() {
        WatchReport report = StoredWatches.report(POLICY, steps(60, StoredWatchTest::calm), "");
        ConditionReport ratio = condition(report, "gradient-spike", "gradient-ratio");
        double[] before = LongStream.range(9, 59)
                .mapToDouble(step -> calm(step).getGradientNorm())
                .sorted()
                .toArray();
        double median = (before[24] + before[25]) / 2;
        assertThat(ratio.reading()).isEqualTo(calm(59).getGradientNorm());
        assertThat(ratio.baseline()).isCloseTo(median, within(1e-12));
        assertThat(ratio.threshold()).isCloseTo(20 * median, within(1e-12));
        assertThat(ratio.nearness()).isCloseTo(Math.max(0, (ratio.reading() - median) / (19 * median)), within(1e-12));
        assertThat(ratio.windowFilled()).isEqualTo(50);
        assertThat(ratio.state()).isEqualTo(WatchState.QUIET);
        assertThat(detector(report, "gradient-spike").nearness()).isLessThanOrEqualTo(ratio.nearness());
    }

    @Test
    void shouldCountTheStepsOfItsWarmUp() {
        DetectorReport spike =
                detector(StoredWatches.report(POLICY, steps(12, StoredWatchTest::calm), ""), "gradient-spike");
        assertThat(spike.state()).isEqualTo(WatchState.WARMING_UP);
        assertThat(spike.reason()).isEqualTo("11 of 40 steps observed");
    }

    @Test
    void shouldTellOfAnAlarmWithItsNumbers() {
        List<StepTelemetry> steps = steps(60, step -> step == 59 ? Telemetry.spike(step) : calm(step));
        WatchReport report = StoredWatches.report(POLICY, steps, "");
        DetectorReport spike = detector(report, "gradient-spike");
        assertThat(spike.state()).isEqualTo(WatchState.ALARM);
        assertThat(spike.nearness()).isEqualTo(1);
        assertThat(spike.forecastSteps()).isZero();
        assertThat(condition(report, "gradient-spike", "gradient-ratio").reading())
                .isEqualTo(50);
    }

    /** Also one step after a snapshot, when only one step has been shown since. */
    @ParameterizedTest
    @ValueSource(longs = {50, 64, 65, 129})
    void shouldForecastWhenASlopeReachesTheThreshold(long count) {
        WatchReport report = withLogits(count, step -> 100 + 10 * step);
        ConditionReport logit = condition(report, "exploding-logits", "attention-logit");
        assertThat(logit.reading()).isEqualTo(100 + 10 * (count - 1));
        assertThat(logit.forecastSteps()).isCloseTo((2_000 - logit.reading()) / 10, within(1e-6));
        assertThat(detector(report, "exploding-logits").forecastSteps()).isEqualTo(logit.forecastSteps());
    }

    private static WatchReport withLogits(long count, LongToDoubleFunction logit) {
        List<StepTelemetry> steps = steps(
                count,
                step -> Telemetry.calm(step)
                        .setMaxAttentionLogit(logit.applyAsDouble(step))
                        .build());
        return StoredWatches.report(POLICY, steps, "");
    }

    @Test
    void shouldForecastNothingFromASlopeThatLeadsAwayOrIsNoise() {
        WatchReport falling = withLogits(50, step -> 900 - 10 * step);
        assertThat(condition(falling, "exploding-logits", "attention-logit").forecastSteps())
                .isNaN();
        WatchReport calm = StoredWatches.report(POLICY, steps(60, StoredWatchTest::calm), "");
        assertThat(condition(calm, "exploding-logits", "attention-logit").forecastSteps())
                .isNaN();
    }

    @Test
    void shouldNotTakeAConstantForHealth() {
        WatchReport report = StoredWatches.report(
                POLICY,
                steps(
                        60,
                        step -> Telemetry.calm(step)
                                .setLoss(2)
                                .setGradientNorm(1)
                                .build()),
                "");
        assertThat(detector(report, "loss-spike").state()).isEqualTo(WatchState.BLIND);
        assertThat(detector(report, "loss-spike").reason()).isEqualTo("loss-deviation does not change");
    }

    @Test
    void shouldSayNothingAboutAStepThatIsNoNumber() {
        List<StepTelemetry> steps = steps(
                60,
                step -> step == 59 ? Telemetry.calm(step).setLoss(Double.NaN).build() : calm(step));
        WatchReport report = StoredWatches.report(POLICY, steps, "");
        assertThat(detector(report, "non-finite").state()).isEqualTo(WatchState.ALARM);
        assertThat(detector(report, "loss-spike").state()).isEqualTo(WatchState.ABSTAINS);
        assertThat(detector(report, "loss-spike").reason()).isEqualTo("a scalar of this step is not a number");
    }

    @Test
    void shouldTellOfALayerWhatConcernsIt() {
        List<StepTelemetry> steps = steps(60, step -> falling(step));
        WatchReport query = StoredWatches.report(POLICY, steps, QUERY);
        assertThat(query.detectors()).extracting(DetectorReport::detector).containsExactly("attention-outgrowth");
        ConditionReport outgrowth = condition(query, "attention-outgrowth", "attention-outgrowth");
        assertThat(outgrowth.reading()).isCloseTo(1.5, within(1e-6));
        assertThat(outgrowth.threshold()).isEqualTo(2.5);
        assertThat(outgrowth.clear()).isEqualTo(1.75);
        assertThat(outgrowth.nearness()).isCloseTo(1 / 3.0, within(1e-6));
        assertThat(query.unjudged()).singleElement().satisfies(fall -> {
            assertThat(fall.layer()).isEqualTo(QUERY);
            assertThat(fall.reading()).isEqualTo(8);
            assertThat(fall.state()).isEqualTo(WatchState.QUIET);
        });
        WatchReport other = StoredWatches.report(POLICY, steps, "blocks.0.mlp.up");
        assertThat(other.unjudged().get(0).reading()).isCloseTo(8 - 59 * 0.05, within(1e-5));
        assertThat(StoredWatches.report(POLICY, steps, "").unjudged().get(0).layer())
                .isEqualTo("blocks.0.mlp.up");
        assertThat(StoredWatches.report(POLICY, steps, "unheard").detectors())
                .extracting(DetectorReport::detector)
                .contains("hyper-connection-gain");
    }

    /** A query matrix that has grown by half, and a perceptron whose stable rank falls. */
    private static StepTelemetry falling(long step) {
        LayerSpectrum query = Telemetry.layer(QUERY, MatrixRole.QUERY, step == 0 ? 2 : 3, 8);
        LayerSpectrum up = Telemetry.layer("blocks.0.mlp.up", MatrixRole.MLP_UP, 1, 8 - 0.05 * step);
        return Telemetry.calm(step)
                .setSpectraStep(step)
                .setLayers(List.of(query, up))
                .build();
    }

    @Test
    void shouldForecastTheFallOfOneMatrixToItsThreshold() {
        Policy judging = PolicyReader.parse(
                "detectors: {stable-rank-fall: {enabled: true, above: {stable-rank-fall: 0.8}}}", null);
        ConditionReport fall = condition(
                StoredWatches.report(judging, steps(60, step -> falling(step)), ""),
                "stable-rank-fall",
                "stable-rank-fall");
        assertThat(fall.isAbove()).isFalse();
        assertThat(fall.baseline()).isCloseTo(7.9, within(1e-6));
        assertThat(fall.threshold()).isCloseTo(0.2 * 7.9, within(1e-6));
        assertThat(fall.forecastSteps()).isCloseTo((fall.reading() - fall.threshold()) / 0.05, within(0.01));
    }

    @Test
    void shouldRefuseATornSnapshot() {
        StoredWatch torn = new StoredWatch(Telemetry.RUN, new byte[] {0, 0, 0, 4, 9}, Map.of());
        assertThatIllegalArgumentException().isThrownBy(() -> torn.report(hash -> Optional.of(POLICY), POLICY, ""));
    }

    @Test
    void shouldSayNothingBeforeAStepWasTakenIn() {
        StoredWatch begun = StoredWatches.after(POLICY, List.of());
        assertThat(begun.report(hash -> Optional.of(POLICY), POLICY, "")).isEmpty();
    }
}
