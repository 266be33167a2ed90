package io.instabilityguard.sidecar.spectrum;

import static io.instabilityguard.sidecar.spectrum.TestMatrices.assertClose;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.constant;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.elements;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.frobeniusNorm;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.gaussian;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.identity;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.withSingularValues;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.instabilityguard.sidecar.spectrum.MSignResult.Outcome;
import java.util.stream.Stream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What both {@link PolarFactor} strategies and {@link MSign} must do over every backend, against EJML's double decomposition. */
abstract class PolarFactorContract {
    private static final float EXACT = 2e-4f;
    private static final PolarFactor SVD = new SvdPolarFactor();
    /** Enough for singular values down to about 10⁻⁵ of the norm. */
    private static final PolarFactor CONVERGED = new PolarExpressPolarFactor(16);

    private final MatrixBackend backend = backend();
    private final Workspace workspace = new Workspace(backend);
    private final SpectrumProbe probe = new SpectrumProbe(backend, 1);
    private final MSign msign = new MSign(backend, probe);

    abstract MatrixBackend backend();

    static Stream<PolarFactor> strategies() {
        return Stream.of(SVD, CONVERGED);
    }

    static Stream<Arguments> strategiesAndShapes() {
        return strategies()
                .flatMap(strategy -> MatrixBackendContract.shapes()
                        .map(shape -> Arguments.of(strategy, shape.get()[0], shape.get()[1])));
    }

    @ParameterizedTest
    @MethodSource("strategiesAndShapes")
    void shouldComputeTheFactor(PolarFactor strategy, int rows, int columns) {
        double[] singularValues = new double[Math.min(rows, columns)];
        for (int i = 0; i < singularValues.length; i++) {
            singularValues[i] = 1 + i % 7;
        }
        FloatMatrix a = withSingularValues(rows, columns, 31L * rows + columns, singularValues);
        float[] before = elements(a);
        FloatMatrix factor = factorOf(strategy, a);
        assertClose(elements(factor), expectedFactor(a), EXACT);
        assertThat(PolarFactor.orthogonalityDefect(workspace, factor)).isLessThan(EXACT);
        assertThat(elements(a)).containsExactly(before);
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void shouldKeepAnOrthogonalMatrix(PolarFactor strategy) {
        assertClose(elements(factorOf(strategy, identity(12))), elements(identity(12)), EXACT);
    }

    @ParameterizedTest
    @ValueSource(floats = {1e-42f, 1e-38f, 1e-25f, 1e25f, 1e38f})
    void shouldNotDependOnTheScale(float scale) {
        FloatMatrix a = withSingularValues(12, 9, 3, 1, 1, 0.8, 0.8, 0.7, 0.6, 0.6, 0.5, 0.5);
        backend.scale(scale, a, a);
        // Elements of 1e-42 have ten bits
        float tolerance = scale < 1e-40f ? 5e-2f : EXACT;
        assertClose(elements(factorOf(SVD, a)), expectedFactor(a), tolerance);
        assertClose(elements(factorOf(CONVERGED, a)), expectedFactor(a), tolerance);
    }

    @Test
    void shouldSoftenWithFewSteps() {
        FloatMatrix a = withSingularValues(20, 20, 5, 1, 0.1, 0.01, 0.001, 0.0001);
        double last = TestMatrices.stableRank(a);
        for (int steps : new int[] {5, 6, 7, 8, 10, 12}) {
            double stableRank = TestMatrices.stableRank(factorOf(new PolarExpressPolarFactor(steps), a));
            assertThat(stableRank).isGreaterThan(last * 0.999);
            last = stableRank;
        }
        assertThat(last).isCloseTo(5, within(0.05));
    }

    @Test
    void shouldLetSixStepsEqualiseSingularValuesFromAThousandthOn() {
        FloatMatrix a = withSingularValues(24, 16, 6, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.0015);
        double[] values = TestMatrices.singularValues(factorOf(new PolarExpressPolarFactor(6), a));
        for (int i = 0; i < 7; i++) {
            assertThat(values[i]).isCloseTo(1, within(0.02));
        }
    }

    @Test
    void shouldKeepTheNullSpaceOfARankDeficientMatrix() {
        FloatMatrix factor = factorOf(SVD, withSingularValues(10, 8, 7, 3, 2));
        assertThat(Math.pow(frobeniusNorm(factor), 2)).isCloseTo(2, within(1e-4));
        assertThat(PolarFactor.orthogonalityDefect(workspace, factor)).isCloseTo(Math.sqrt(0.75), within(1e-4));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "16,16", "10,40", "40,10"})
    void shouldReplaceInPlaceAndKeepTheFrobeniusNorm(int rows, int columns) {
        for (PolarFactor strategy : new PolarFactor[] {SVD, CONVERGED, new PolarExpressPolarFactor(6)}) {
            FloatMatrix w = gaussian(rows, columns, 8);
            double norm = frobeniusNorm(w);
            MSignResult result = msign.apply(strategy, 0, w);
            assertThat(result.replaced()).isTrue();
            assertThat(result.reason()).isEqualTo("replaced by its rescaled polar factor");
            assertThat(frobeniusNorm(w)).isCloseTo(norm, within(1e-6 * norm));
            assertThat(result.before().frobeniusNorm()).isCloseTo(norm, within(1e-5 * norm));
            assertThat(result.after().stableRank())
                    .isGreaterThanOrEqualTo(result.before().stableRank());
        }
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void shouldLiftTheStableRankToTheRank(PolarFactor strategy) {
        FloatMatrix w = withSingularValues(16, 12, 9, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
        FloatMatrix reference = FloatMatrix.of(16, 12, expectedFactor(w));
        backend.scale(frobeniusNorm(w) / Math.sqrt(12), reference, reference);
        MSignResult result = msign.apply(strategy, 0, w);
        assertThat(result.before().stableRank()).isCloseTo(92 / 81.0, withinPercentage(0.2));
        assertThat(result.after().stableRank()).isCloseTo(12, withinPercentage(0.1));
        assertThat(result.orthogonalityDefect()).isLessThan(EXACT);
        assertClose(elements(w), elements(reference), 10 * EXACT);
    }

    @Test
    void shouldReseedTheProbe() {
        FloatMatrix w = withSingularValues(40, 40, 10, 9, 5, 3, 1);
        msign.apply(new PolarExpressPolarFactor(1), 0, w);
        assertThat(probe.measure(0, w).spectralNorm())
                .isCloseTo(TestMatrices.singularValues(w)[0], withinPercentage(0.5));
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void shouldRefuseAndLeaveEveryElement(PolarFactor strategy) {
        refuses(strategy, FloatMatrix.zeros(0, 3), Outcome.EMPTY);
        refuses(strategy, FloatMatrix.zeros(4, 3), Outcome.ZERO);
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            FloatMatrix w = gaussian(5, 5, 11);
            w.values().put(24, bad);
            refuses(strategy, w, Outcome.NON_FINITE);
        }
    }

    @Test
    void shouldRefuseAnOverflow() {
        FloatMatrix w = FloatMatrix.of(2, 2, Float.MAX_VALUE, Float.MAX_VALUE, Float.MAX_VALUE, -Float.MAX_VALUE / 2);
        FloatMatrix spread = constant(30, 30, Float.MAX_VALUE);
        assertThat(msign.apply(SVD, 0, spread).outcome()).isIn(Outcome.REPLACED, Outcome.OVERFLOW);
        refuses(SVD, w, Outcome.OVERFLOW);
    }

    private void refuses(PolarFactor strategy, FloatMatrix w, Outcome expected) {
        float[] before = elements(TestMatrices.copyOf(w));
        MSignResult result = msign.apply(strategy, 0, w);
        assertThat(result.outcome()).isEqualTo(expected);
        assertThat(result.replaced()).isFalse();
        assertThat(result.after()).isEqualTo(result.before());
        assertThat(elements(w)).containsExactly(before);
    }

    private FloatMatrix factorOf(PolarFactor strategy, FloatMatrix a) {
        FloatMatrix factor = constant(a.rows(), a.columns(), Float.NaN);
        assertThat(strategy.compute(workspace, a, factor)).isTrue();
        return factor;
    }

    private static float[] expectedFactor(FloatMatrix a) {
        var svd = DecompositionFactory_DDRM.svd(a.rows(), a.columns(), true, true, true);
        svd.decompose(TestMatrices.toEjml(a));
        DMatrixRMaj product = new DMatrixRMaj(a.rows(), a.columns());
        CommonOps_DDRM.mult(svd.getU(null, false), svd.getV(null, true), product);
        float[] expected = new float[a.size()];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (float) product.data[i];
        }
        return expected;
    }
}
