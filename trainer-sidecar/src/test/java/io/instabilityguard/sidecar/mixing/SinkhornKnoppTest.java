package io.instabilityguard.sidecar.mixing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SinkhornKnoppTest {
    /** Signed, with zeros and five orders of magnitude. */
    private static final double[] HOSTILE = {.5, -2, 0, 3, 1, 1, 1, 1, 1e-9, 4, .25, -.5, 100, 0, 2, .001};

    /** By the hook's {@code instability_guard.residual_mixing.sinkhorn} in float64, 20 iterations, torch 2.13. */
    private static final double[] BY_THE_HOOK = {
        0.09873534035638859, 5.438575474996889e-07, 1.9485253913345157e-06, 0.9012621672606724,
        0.06603764676082119, 0.18187546870428728, 0.6516209446029095, 0.10046593993198204,
        7.41656637716974e-08, 0.8170439451967136, 0.18295586780617754, 1.1283144519806792e-07,
        0.8351682224739084, 2.3001517976483333e-08, 0.16481904874710082, 1.2705777472867608e-05
    };

    @Test
    void shouldAgreeWithTheHook() {
        SinkhornResult result = SinkhornKnopp.project(4, HOSTILE, SinkhornSettings.DEFAULT);
        assertThat(result.matrix()).containsExactly(BY_THE_HOOK, within(1e-12));
        assertThat(result.projected()).isTrue();
        assertThat(result.iterations()).isEqualTo(20);
        assertThat(result.forwardViolation()).isLessThan(1e-14);
        assertThat(result.backwardViolation()).isCloseTo(1.740925802e-3, within(1e-11));
        assertThat(result.marginalViolation()).isEqualTo(result.backwardViolation());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 16})
    void shouldMakePositiveMatricesDoublyStochastic(int n) {
        double[] matrix = new Random(n).doubles(n * n, 0.1, 10).toArray();
        double[] before = matrix.clone();
        SinkhornResult result = SinkhornKnopp.project(n, matrix, new SinkhornSettings(1e-6, 500, 1e-13));
        assertThat(result.iterations()).isLessThan(500);
        assertThat(result.marginalViolation()).isLessThanOrEqualTo(1e-13);
        MixingGain gain = MixingGain.of(n, result.matrix());
        assertThat(new double[] {gain.forward(), gain.forwardAbsolute(), gain.backward(), gain.backwardAbsolute()})
                .containsExactly(new double[] {1, 1, 1, 1}, within(1e-12));
        assertThat(matrix).containsExactly(before);
    }

    @Test
    void shouldStopOnceTheToleranceHolds() {
        SinkhornResult loose = SinkhornKnopp.project(4, HOSTILE, new SinkhornSettings(1e-6, 100, 0.01));
        assertThat(loose.iterations()).isBetween(2, 19);
        assertThat(loose.marginalViolation()).isLessThanOrEqualTo(0.01);
        assertThat(SinkhornKnopp.project(2, new double[] {1, 1, 1, 1}, new SinkhornSettings(1e-6, 100, 1e-9))
                        .iterations())
                .isEqualTo(1);
    }

    @Test
    void shouldTreatEntriesBelowTheFloorAsTheFloor() {
        double[] floored = HOSTILE.clone();
        for (int i = 0; i < floored.length; i++) {
            floored[i] = Math.max(floored[i], 1e-6);
        }
        assertThat(SinkhornKnopp.project(4, floored, SinkhornSettings.DEFAULT).matrix())
                .containsExactly(BY_THE_HOOK, within(1e-12));
        double[] nothing = {-3, 0, 0, -1e300, -4, 0, 0, 0, -1};
        assertThat(SinkhornKnopp.project(3, nothing, SinkhornSettings.DEFAULT).matrix())
                .containsOnly(new double[] {1 / 3.0}, within(1e-15));
    }

    @Test
    void shouldKeepAnIdentityAndBearAnyRange() {
        assertThat(SinkhornKnopp.project(2, new double[] {1, 0, 0, 1}, SinkhornSettings.DEFAULT)
                        .matrix())
                .containsExactly(new double[] {1, 0, 0, 1}, within(1e-5));
        SinkhornResult huge =
                SinkhornKnopp.project(2, new double[] {1e300, 1e-300, 1, 1e-300}, SinkhornSettings.DEFAULT);
        assertThat(Arrays.stream(huge.matrix()).allMatch(entry -> entry >= 0 && entry <= 1))
                .isTrue();
        assertThat(huge.forwardViolation()).isLessThan(1e-12);
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void shouldRefuseNonFiniteEntriesAsAValue(double bad) {
        double[] matrix = {1, 2, bad, 4};
        SinkhornResult result = SinkhornKnopp.project(2, matrix, SinkhornSettings.DEFAULT);
        assertThat(result.projected()).isFalse();
        assertThat(result.refusal()).isEqualTo("entry (1, 0) is " + bad);
        assertThat(result.matrix()).containsExactly(matrix);
        assertThat(result.backwardViolation()).isNaN();
    }

    @Test
    void shouldRefuseSettingsOutOfRange() {
        assertThatThrownBy(() -> new SinkhornSettings(0, 20, 0)).hasMessageContaining("sinkhorn epsilon 0.0");
        assertThatThrownBy(() -> new SinkhornSettings(1e-6, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldReadGainsBothWays() {
        MixingGain gain = MixingGain.of(2, new double[] {1, -2, 3, 0.5});
        assertThat(gain).isEqualTo(new MixingGain(3.5, 3.5, 4, 4));
        assertThat(MixingGain.of(2, new double[] {3, -3, 1, -2})).isEqualTo(new MixingGain(1, 6, 5, 5));
        assertThat(MixingGain.of(1, new double[] {Double.NaN}).forward()).isNaN();
    }
}
