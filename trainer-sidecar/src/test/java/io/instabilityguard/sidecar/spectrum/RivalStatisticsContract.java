package io.instabilityguard.sidecar.spectrum;

import static io.instabilityguard.sidecar.spectrum.TestMatrices.constant;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.copyOf;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.elements;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.gaussian;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.singularValues;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.toEjml;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.ejml.simple.SimpleMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link QkIncrement}, {@link WeightUpdate} and the probe's sign share must do over every backend. */
abstract class RivalStatisticsContract {
    private final MatrixBackend backend = backend();
    private final QkIncrement increment = new QkIncrement(backend);

    abstract MatrixBackend backend();

    /** Heads thin against the width (2h below d) and not; updates a thousandth of the weights. */
    @ParameterizedTest
    @CsvSource({"24, 24, 24, 6", "24, 24, 24, 1", "16, 16, 40, 2", "24, 8, 24, 6", "48, 48, 12, 4"})
    void shouldAgreeWithTheFullProduct(int queryRows, int keyRows, int columns, int heads) {
        FloatMatrix query = gaussian(queryRows, columns, 1);
        FloatMatrix key = gaussian(keyRows, columns, 2);
        FloatMatrix queryUpdate = scaled(gaussian(queryRows, columns, 3), 1e-3);
        FloatMatrix keyUpdate = scaled(gaussian(keyRows, columns, 4), 2e-3);
        QkIncrementRank rank = increment.effectiveRank(query, key, queryUpdate, keyUpdate, heads);
        int rows = queryRows / heads;
        int group = queryRows / keyRows;
        for (int head = 0; head < heads; head++) {
            int at = head * rows;
            int keyAt = head / group * rows;
            double expected = expectedRank(
                    part(query, at, rows),
                    part(key, keyAt, rows),
                    part(queryUpdate, at, rows),
                    part(keyUpdate, keyAt, rows));
            assertThat(rank.perHead()[head]).isCloseTo(expected, withinPercentage(0.1));
        }
        assertThat(rank.perHead()).hasSize(heads);
        if (queryRows == keyRows) {
            assertThat(rank.whole())
                    .isCloseTo(
                            expectedRank(simple(query), simple(key), simple(queryUpdate), simple(keyUpdate)),
                            withinPercentage(0.1));
        } else {
            assertThat(rank.whole()).isNaN();
        }
    }

    @Test
    void shouldCountTheDirectionsOfAPlantedUpdate() {
        FloatMatrix query = gaussian(16, 16, 5);
        FloatMatrix still = FloatMatrix.zeros(16, 16);
        FloatMatrix rankOne = FloatMatrix.zeros(16, 16);
        for (int j = 0; j < 16; j++) {
            rankOne.values().put(j, j - 3f);
        }
        QkIncrementRank rank = increment.effectiveRank(query, query, rankOne, still, 0);
        assertThat(rank.whole()).isCloseTo(1, within(1e-4));
        assertThat(rank.perHead()).isEmpty();
    }

    @Test
    void shouldBeUndefinedWithoutAFiniteUpdate() {
        FloatMatrix w = gaussian(8, 8, 6);
        FloatMatrix still = FloatMatrix.zeros(8, 8);
        FloatMatrix bad = gaussian(8, 8, 7);
        bad.values().put(3, Float.NaN);
        assertThat(increment.effectiveRank(w, w, still, still, 2).whole()).isNaN();
        assertThat(increment.effectiveRank(w, w, bad, still, 2).perHead()).containsOnly(Double.NaN, Double.NaN);
        assertThat(increment.effectiveRank(w, w, w, w, 3).perHead()).hasSize(3).containsOnly(Double.NaN);
        assertThat(increment.effectiveRank(still, still, w, w, 2).whole()).isNaN();
        assertThat(increment.effectiveRank(scaled(w, 1e30), w, w, w, 0).whole()).isBetween(1.0, 8.0);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1e-3, 1e-30})
    void shouldMeasureTheUpdateAgainstTheWeight(double step) {
        FloatMatrix before = gaussian(6, 9, 8);
        FloatMatrix w = scaled(before, 1 + step);
        FloatMatrix update = constant(6, 9, Float.NaN);
        double expected = step < 1e-7 ? 0 : step;
        assertThat(WeightUpdate.ratio(backend, w, before, update)).isCloseTo(expected, within(1e-6));
        assertThat(elements(update)[0]).isEqualTo(w.get(0, 0) - before.get(0, 0));
        assertThat(WeightUpdate.ratio(backend, w, FloatMatrix.zeros(6, 9), update))
                .isInfinite();
        assertThat(WeightUpdate.ratio(backend, constant(6, 9, Float.NaN), before, update))
                .isNaN();
    }

    @Test
    void shouldShareSignsAgainstTheTopRightSingularVector() {
        SpectrumProbe probe = new SpectrumProbe(backend, 2);
        FloatMatrix inputs = gaussian(1000, 5, 9);
        assertThat(probe.majoritySignShare(0, inputs)).isNaN();
        FloatMatrix w = TestMatrices.diagonal(0, 0, 7, 1, 1);
        probe.measure(0, w);
        assertThat(probe.majoritySignShare(0, inputs)).isBetween(0.5, 0.55);
        for (int i = 0; i < 1000; i++) {
            inputs.values().put(5 * i + 2, i < 900 ? 3 : -3);
        }
        assertThat(probe.majoritySignShare(0, inputs)).isCloseTo(0.9, within(0.01));
        assertThat(probe.majoritySignShare(0, FloatMatrix.zeros(10, 5))).isNaN();
        assertThat(probe.majoritySignShare(0, gaussian(10, 4, 10))).isNaN();
    }

    private FloatMatrix scaled(FloatMatrix a, double factor) {
        FloatMatrix copy = copyOf(a);
        backend.scale(factor, a, copy);
        return copy;
    }

    private static SimpleMatrix simple(FloatMatrix a) {
        return SimpleMatrix.wrap(toEjml(a));
    }

    private static SimpleMatrix part(FloatMatrix a, int first, int rows) {
        return simple(a).rows(first, first + rows);
    }

    private static double expectedRank(
            SimpleMatrix query, SimpleMatrix key, SimpleMatrix queryUpdate, SimpleMatrix keyUpdate) {
        SimpleMatrix product =
                queryUpdate.transpose().mult(key).plus(query.transpose().mult(keyUpdate));
        FloatMatrix asFloat = FloatMatrix.zeros(product.getNumRows(), product.getNumCols());
        for (int i = 0; i < asFloat.size(); i++) {
            asFloat.values().put(i, (float) (1e3 * product.getDDRM().get(i)));
        }
        double[] values = singularValues(asFloat);
        double total = 0;
        for (double value : values) {
            total += value * value;
        }
        double entropy = 0;
        for (double value : values) {
            double p = value * value / total;
            entropy -= p > 1e-14 ? p * Math.log(p) : 0;
        }
        return Math.exp(entropy);
    }
}
