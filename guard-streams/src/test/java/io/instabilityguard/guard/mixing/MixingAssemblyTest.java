package io.instabilityguard.guard.mixing;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.mixer;
import static io.instabilityguard.guard.Telemetry.mixing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.instabilityguard.guard.mixing.MixingAssembly.Intake;
import io.instabilityguard.schemas.ResidualMixing;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class MixingAssemblyTest {

    private static final double EXACT = 1e-9;

    private final MixingAssembly assembly = new MixingAssembly(5);

    @Test
    void shouldMultiplyInTheOrderOfTheForwardPass() {
        assembly.take(record(0, mixer(1, 2, false, 1, 1, 0, 1), mixer(0, 2, false, 3, 0, 0, 1)));
        MixingGains gains = assembly.complete(0).orElseThrow();
        // [1 1; 0 1] [3 0; 0 1] = [3 1; 0 1]: rows 4 and 1, columns 3 and 2
        assertThat(Math.exp(gains.logForward())).isCloseTo(4, within(EXACT));
        assertThat(Math.exp(gains.logBackward())).isCloseTo(3, within(EXACT));
        assertThat(Math.exp(gains.logAttenuation())).isCloseTo(1, within(EXACT));
        assertThat(gains.logWorstColumn()).isCloseTo(Math.log(3), within(EXACT));
        assertThat(gains.layerForward()).isEqualTo(3);
        assertThat(gains.layerBackward()).isEqualTo(3);
        assertThat(gains.sinkhornResidual()).isEqualTo(2);
        assertThat(gains.freeLayers()).isEqualTo(2);
    }

    @Test
    void shouldTellCancellationFromSmallness() {
        assembly.take(record(0, mixer(0, 1, false, 2, -2, -1, 1)));
        MixingGains gains = assembly.complete(0).orElseThrow();
        assertThat(gains.logForward()).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(Math.exp(gains.logAbsoluteForward())).isCloseTo(4, within(EXACT));
        assertThat(Math.exp(gains.logBackward())).isCloseTo(1, within(EXACT));
        assertThat(gains.logGain()).isEqualTo(Double.POSITIVE_INFINITY);
    }

    @Test
    void shouldNeitherOverflowNorVanishOverManyLayers() {
        assertThat(gainsOf(1_000, 1e30f).logForward()).isCloseTo(1_000 * Math.log(1e30f), within(1e-6));
        assertThat(gainsOf(1_000, 1e-30f).logGain()).isCloseTo(-1_000 * Math.log(1e-30f), within(1e-6));
        assertThat(MixingGains.saturated(1e5)).isEqualTo(Double.MAX_VALUE);
    }

    private static MixingGains gainsOf(int layers, float scale) {
        MixingAssembly whole = new MixingAssembly(0);
        whole.take(mixing(0, layers, true, scale, IntStream.range(0, layers).toArray()).build());
        return whole.complete(0).orElseThrow();
    }

    @Test
    void shouldGatherPipelineStagesFromTheirRanks() {
        assertThat(assembly.take(stage(10, 1, 2f, 2, 3))).isEqualTo(Intake.TAKEN);
        assertThat(assembly.complete(10)).isEmpty();
        assembly.take(stage(10, 0, 2f, 0, 1));
        assertThat(Math.exp(assembly.complete(11).orElseThrow().logForward())).isCloseTo(16, within(EXACT));
        assertThat(assembly.complete(12)).isEmpty();
        assertThat(assembly.take(stage(10, 2, 2f, 0, 1))).isEqualTo(Intake.LATE);
    }

    @Test
    void shouldTakeTheLowestRanksWord() {
        assembly.take(stage(10, 3, 5f, 0));
        assembly.take(stage(10, 1, 3f, 0));
        assembly.take(stage(10, 2, 7f, 0));
        assembly.take(stage(10, 0, 2f, 1, 2, 3));
        assertThat(Math.exp(assembly.complete(10).orElseThrow().logForward())).isCloseTo(24, within(EXACT));
    }

    @Test
    void shouldSayNothingOfAStepWithAMissingStage() {
        assembly.take(stage(10, 0, 2f, 0, 1));
        assertThat(assembly.complete(15)).isEmpty();
        assertThat(assembly.abstains()).isFalse();
        assertThat(assembly.complete(16)).isEmpty();
        assertThat(assembly.abstains()).isTrue();
        assertThat(assembly.take(stage(10, 1, 2f, 2, 3))).isEqualTo(Intake.LATE);
        assembly.take(stage(20, 0, 2f, 0, 1, 2, 3));
        assertThat(assembly.complete(20)).isPresent();
        assertThat(assembly.abstains()).isFalse();
    }

    @Test
    void shouldGiveUpAStepOnWhichRanksDisagree() {
        assembly.take(stage(10, 0, 2f, 0, 1));
        StepTelemetry other = mixing(10, 5, false, 2f, 2, 3).setProcessRank(1).build();
        assertThat(assembly.take(other)).isEqualTo(Intake.REFUSED);
        assertThat(assembly.take(stage(10, 2, 2f, 0, 1, 2, 3))).isEqualTo(Intake.REFUSED);
        assertThat(assembly.complete(10)).isEmpty();
        assertThat(assembly.abstains()).isTrue();
    }

    @Test
    void shouldGiveUpAStepWithAMatrixThatIsNotFinite() {
        assertThat(assembly.take(record(10, mixer(0, 1, false, 1, Float.NaN, 0, 1)))).isEqualTo(Intake.REFUSED);
        assertThat(assembly.complete(10)).isEmpty();
        assertThat(assembly.abstains()).isTrue();
    }

    @Test
    void shouldNotGatherWithoutEnd() {
        for (long step = 0; step < 1_000; step++) {
            assembly.take(stage(step, 0, 2f, 0));
        }
        DoubleStream.Builder numbers = DoubleStream.builder();
        assembly.save(numbers);
        assertThat(numbers.build().count()).isLessThan(1_000);
    }

    @Test
    void shouldGoOnTheSameAfterItsMemoryWasStored() {
        assembly.take(stage(10, 0, 2f, 0, 1));
        assembly.take(stage(20, 0, 3f, 0, 1));
        MixingAssembly restored = new MixingAssembly(5);
        DoubleStream.Builder numbers = DoubleStream.builder();
        assembly.save(numbers);
        restored.load(numbers.build().iterator()::nextDouble);
        for (MixingAssembly each : List.of(assembly, restored)) {
            each.take(stage(20, 1, 3f, 2, 3));
        }
        assertThat(restored.complete(20)).isPresent().isEqualTo(assembly.complete(20));
    }

    private static StepTelemetry stage(long step, int rank, float scale, int... orders) {
        return mixing(step, 4, false, scale, orders).setWorldSize(4).setProcessRank(rank).build();
    }

    private static StepTelemetry record(long step, ResidualMixing... layers) {
        return calm(step).setProfilesStep(step).setMixing(List.of(layers)).build();
    }
}
