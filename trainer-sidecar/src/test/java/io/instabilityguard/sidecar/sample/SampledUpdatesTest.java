package io.instabilityguard.sidecar.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.spectrum.EjmlBackend;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.WeightUpdate;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SampledUpdatesTest {
    private final SampledUpdates updates = new SampledUpdates();

    @Test
    void shouldBeExactForSmallMatrices() {
        assertThat(ratio(Hello.Role.MLP_DOWN, FloatMatrix.of(2, 2, 1, 2, 2, 4))).isEmpty();
        assertThat(ratio(Hello.Role.MLP_DOWN, FloatMatrix.of(2, 2, 1, 2, 2, 9)))
                .get()
                .satisfies(one -> assertThat(one.values().get(0)).isEqualTo(1, within(1e-12)))
                .satisfies(one -> assertThat(one.metric()).isEqualTo("updateRatio"));
        assertThat(ratio(Hello.Role.MLP_DOWN, FloatMatrix.of(2, 2, 1, 2, 2, 9)))
                .get()
                .satisfies(one -> assertThat(one.values()).containsExactly(0.0));
    }

    /** Also where the change is concentrated in one row, as a rank-one update is. */
    @Test
    void shouldComeCloseToTheWholeForLargeOnes() {
        Random random = new Random(7);
        FloatMatrix weights = FloatMatrix.zeros(512, 384);
        FloatMatrix moved = FloatMatrix.zeros(512, 384);
        for (int i = 0; i < weights.size(); i++) {
            float value = (float) random.nextGaussian();
            weights.values().put(i, value);
            moved.values().put(i, value + (float) (random.nextGaussian() * (i / 384 % 4 == 1 ? 1 : 0.1)));
        }
        MatrixBackend backend = new EjmlBackend();
        double exact = WeightUpdate.ratio(backend, moved, weights, FloatMatrix.zeros(512, 384));
        ratio(Hello.Role.QUERY, weights);
        assertThat(ratio(Hello.Role.QUERY, moved))
                .get()
                .satisfies(one -> assertThat(one.values().get(0)).isEqualTo(exact, within(0.05 * exact)));
    }

    @Test
    void shouldSayNothingOfWhatIsNotFiniteOrBeganAtZero() {
        ratio(Hello.Role.MLP_UP, FloatMatrix.of(1, 2, 0, 0));
        assertThat(ratio(Hello.Role.MLP_UP, FloatMatrix.of(1, 2, 1, 1))).isEmpty();
        assertThat(ratio(Hello.Role.MLP_UP, FloatMatrix.of(1, 2, Float.NaN, 1))).isEmpty();
        assertThat(ratio(Hello.Role.MLP_UP, FloatMatrix.of(1, 2, 1, 1))).isEmpty();
        assertThat(ratio(Hello.Role.MLP_UP, FloatMatrix.of(1, 2, 1, 2))).isPresent();
    }

    @Test
    void shouldLeaveMixingOut() {
        ratio(Hello.Role.RESIDUAL_MIXING, FloatMatrix.of(1, 2, 1, 1));
        assertThat(ratio(Hello.Role.RESIDUAL_MIXING, FloatMatrix.of(1, 2, 1, 2)))
                .isEmpty();
    }

    private Optional<Statistic> ratio(Hello.Role role, FloatMatrix values) {
        return updates.updateRatio(
                new Hello.Matrix(0, "w", role, 0, values.rows(), values.columns(), "float32", 0), values);
    }
}
