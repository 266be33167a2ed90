package io.instabilityguard.sidecar.spectrum;

import static io.instabilityguard.sidecar.spectrum.TestMatrices.elements;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.gaussian;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.singularValues;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.withSingularValues;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.instabilityguard.sidecar.spectrum.MSignResult.Outcome;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RoundingNoiseTest {
    private final MatrixBackend backend = new EjmlBackend();
    private final MSign msign = new MSign(backend, new SpectrumProbe(backend, 1));

    /** A matrix of rank one, once it is stored, is rank one and rounding: the floor must lie just above the second singular value. */
    @ParameterizedTest
    @EnumSource(
            value = Dtype.class,
            names = {"BFLOAT16", "FLOAT16", "FLOAT32"})
    void shouldPutTheFloorJustAboveTheRounding(Dtype storage) {
        FloatMatrix w = stored(withSingularValues(60, 40, 1, 3), storage);
        double[] values = singularValues(w);
        float[] descending = new float[40];
        for (int i = 0; i < 40; i++) {
            descending[i] = (float) values[i];
        }
        assertThat(RoundingNoise.of(descending, 60, 40, storage.unitRoundoff()).share())
                .isCloseTo(39 / 40.0, within(1e-9));
        assertThat(RoundingNoise.of(descending, 60, 40, storage.unitRoundoff() / 4)
                        .share())
                .isLessThan(0.9);
    }

    @Test
    void shouldRefuseToAmplifyTheRoundingOfTheStoredType() {
        FloatMatrix w = stored(withSingularValues(32, 32, 2, 5, 1, 0.5), Dtype.BFLOAT16);
        float[] before = elements(w);
        MSignResult result = msign.apply(new PolarExpressPolarFactor(6), 0, w, Dtype.BFLOAT16);
        assertThat(result.outcome()).isEqualTo(Outcome.NOISE);
        assertThat(elements(w)).containsExactly(before);
        assertThat(msign.apply(new PolarExpressPolarFactor(6), 0, w).outcome()).isEqualTo(Outcome.REPLACED);
    }

    /** Stable rank 1.05, as attention weights have it in the fault that MSign cures. */
    @Test
    void shouldNotHinderTheCureOfLowStableRank() {
        double[] values = new double[32];
        for (int i = 0; i < 32; i++) {
            values[i] = i == 0 ? 1 : 0.2 * Math.pow(0.7, i);
        }
        FloatMatrix w = stored(withSingularValues(32, 32, 3, values), Dtype.BFLOAT16);
        assertThat(TestMatrices.stableRank(w)).isLessThan(1.05);
        MSignResult result = msign.apply(new SvdPolarFactor(), 0, w, Dtype.BFLOAT16);
        assertThat(result.outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(result.after().stableRank()).isCloseTo(32, withinPercentage(1));
    }

    @Test
    void shouldSayHowMuchTheMiddleDirectionIsScaled() {
        RoundingNoise noise = RoundingNoise.of(new float[] {6, 2, 2, 2, 1}, 5, 5, 0x1p-8);
        assertThat(noise.medianAmplification()).isCloseTo(Math.sqrt(49 / 5.0) / 2, within(1e-12));
        assertThat(noise.share()).isZero();
        assertThat(noise.dominates()).isFalse();
        assertThat(RoundingNoise.of(new float[] {1, 0, 0}, 3, 3, 0x1p-8).medianAmplification())
                .isInfinite();
        assertThat(msign.apply(new SvdPolarFactor(), 0, gaussian(9, 5, 4), Dtype.FLOAT16)
                        .replaced())
                .isTrue();
    }

    private static FloatMatrix stored(FloatMatrix a, Dtype storage) {
        ByteBuffer bytes = ByteBuffer.allocate(a.size() * storage.itemsize());
        storage.write(a.values(), bytes, a.size());
        storage.read(bytes, a.values(), a.size());
        return a;
    }
}
