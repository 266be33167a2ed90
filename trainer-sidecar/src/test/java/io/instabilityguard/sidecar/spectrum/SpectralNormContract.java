package io.instabilityguard.sidecar.spectrum;

import static io.instabilityguard.sidecar.spectrum.TestMatrices.constant;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.diagonal;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.elements;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.gaussian;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.identity;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.withSingularValues;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link SpectrumProbe} must say over every backend. */
abstract class SpectralNormContract {
    /** Per cent; the promise where the spectrum has a gap. */
    private static final double PROMISE = 0.1;

    private final MatrixBackend backend = backend();
    private final SpectrumProbe probe = new SpectrumProbe(backend, 2);

    abstract MatrixBackend backend();

    @ParameterizedTest
    @MethodSource("io.instabilityguard.sidecar.spectrum.MatrixBackendContract#shapes")
    void shouldAgreeWithTheDecomposition(int rows, int columns) {
        FloatMatrix a = gaussian(rows, columns, 17L * rows + columns);
        float[] before = elements(a);
        MatrixSpectrum spectrum = probe.measure(0, a);
        double sigma = TestMatrices.singularValues(a)[0];
        double norm = TestMatrices.frobeniusNorm(a);
        assertThat(spectrum.finite()).isTrue();
        assertThat(spectrum.frobeniusNorm()).isCloseTo(norm, within(1e-5 * norm));
        assertThat(spectrum.spectralNorm())
                .isCloseTo(sigma, withinPercentage(1))
                .isLessThan(sigma * 1.00001);
        assertThat(spectrum.stableRank()).isCloseTo(Math.pow(norm / sigma, 2), withinPercentage(2));
        assertThat(spectrum.residual()).isLessThanOrEqualTo(GramLanczos.TOLERANCE);
        assertThat(elements(a)).containsExactly(before);
    }

    @ParameterizedTest
    @CsvSource({"60,60", "40,90", "90,40"})
    void shouldKeepItsPromiseOnStableRankCriticalSpectra(int rows, int columns) {
        FloatMatrix a = withSingularValues(rows, columns, 3, 10, 7, 3, 1, 0.5, 0.2, 0.1);
        MatrixSpectrum spectrum = probe.measure(0, a);
        assertThat(spectrum.spectralNorm()).isCloseTo(10, withinPercentage(PROMISE));
        assertThat(spectrum.stableRank()).isCloseTo(1.5930, withinPercentage(2 * PROMISE));
    }

    @ParameterizedTest
    @CsvSource({"0,0", "0,4", "4,0"})
    void shouldCallAnEmptyMatrixZero(int rows, int columns) {
        assertThat(probe.measure(0, FloatMatrix.zeros(rows, columns))).isEqualTo(MatrixSpectrum.ZERO);
    }

    @Test
    void shouldMeasureZeroAndComeBackFromIt() {
        probe.measure(0, gaussian(6, 4, 1));
        assertThat(probe.measure(0, FloatMatrix.zeros(6, 4))).isEqualTo(MatrixSpectrum.ZERO);
        assertThat(probe.measure(0, constant(6, 4, 1)).spectralNorm())
                .isCloseTo(Math.sqrt(24), withinPercentage(PROMISE));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 64})
    void shouldMeasureTheIdentity(int n) {
        MatrixSpectrum spectrum = probe.measure(0, identity(n));
        assertThat(spectrum.spectralNorm()).isCloseTo(1, within(1e-6));
        assertThat(spectrum.stableRank()).isCloseTo(n, within(1e-4 * n));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "7,7", "1,9", "9,1", "200,30"})
    void shouldMeasureRankOne(int rows, int columns) {
        MatrixSpectrum spectrum = probe.measure(0, withSingularValues(rows, columns, 5, 3));
        assertThat(spectrum.spectralNorm()).isCloseTo(3, within(1e-5));
        assertThat(spectrum.stableRank()).isCloseTo(1, within(1e-5));
    }

    /** Squares of these underflow or overflow float32; 1e-42 is subnormal itself. */
    @ParameterizedTest
    @ValueSource(floats = {1e-42f, 1e-38f, 1e-25f, 1e-15f, 1e12f, 1e25f, 1e38f})
    void shouldMeasureAcrossTheRangeOfFloat(float scale) {
        FloatMatrix a = withSingularValues(30, 20, 7, 1, 0.5, 0.25);
        backend.scale(scale, a, a);
        double sigma = TestMatrices.singularValues(a)[0];
        for (int time = 0; time < 2; time++) {
            MatrixSpectrum spectrum = probe.measure(0, a);
            assertThat(spectrum.spectralNorm()).isCloseTo(sigma, withinPercentage(PROMISE));
            assertThat(spectrum.frobeniusNorm()).isCloseTo(TestMatrices.frobeniusNorm(a), withinPercentage(PROMISE));
        }
    }

    @Test
    void shouldMeasureTheLargestNumbers() {
        MatrixSpectrum spectrum = probe.measure(0, constant(50, 40, Float.MAX_VALUE));
        assertThat(spectrum.spectralNorm()).isCloseTo(Float.MAX_VALUE * Math.sqrt(2000), withinPercentage(PROMISE));
        assertThat(spectrum.stableRank()).isCloseTo(1, within(1e-5));
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void shouldReportNonFiniteMatricesAndComeBackFromThem(float bad) {
        FloatMatrix a = withSingularValues(40, 30, 9, 2, 1);
        probe.measure(0, a);
        FloatMatrix broken = TestMatrices.copyOf(a);
        broken.values().put(777, bad);
        MatrixSpectrum spectrum = probe.measure(0, broken);
        assertThat(spectrum).isEqualTo(MatrixSpectrum.NON_FINITE);
        assertThat(spectrum.spectralNorm()).isNaN();
        assertThat(probe.measure(0, a).spectralNorm()).isCloseTo(2, withinPercentage(PROMISE));
    }

    @Test
    void shouldTakeOnePassWhenWarm() {
        FloatMatrix a = withSingularValues(80, 50, 11, 5, 3, 1, 0.5);
        assertThat(probe.measure(0, a).iterations()).isGreaterThan(1);
        MatrixSpectrum warm = probe.measure(0, a);
        assertThat(warm.iterations()).isEqualTo(1);
        assertThat(warm.spectralNorm()).isCloseTo(5, withinPercentage(PROMISE));
    }

    @Test
    void shouldFollowADriftingMatrix() {
        FloatMatrix a = withSingularValues(80, 50, 13, 5, 3, 1, 0.5);
        for (int step = 0; step < 30; step++) {
            backend.add(0.003, gaussian(80, 50, 100 + step), a);
            MatrixSpectrum spectrum = probe.measure(0, a);
            assertThat(spectrum.spectralNorm()).isCloseTo(TestMatrices.singularValues(a)[0], withinPercentage(PROMISE));
        }
    }

    @Test
    void shouldReseedWhenTheMatrixJumps() {
        probe.measure(0, diagonal(4, 1, 1, 0));
        MatrixSpectrum spectrum = probe.measure(0, diagonal(4, 1, 1, 9));
        assertThat(spectrum.spectralNorm()).isCloseTo(9, withinPercentage(PROMISE));
    }

    @Test
    void shouldReseedWhenItsVectorFellIntoTheNullSpace() {
        probe.measure(0, diagonal(4, 0, 0));
        for (int i = 0; i < 2; i++) {
            assertThat(probe.measure(0, diagonal(0, 0, 4)).spectralNorm()).isCloseTo(4, withinPercentage(PROMISE));
        }
    }

    @Test
    void shouldLeaveAStuckVectorBehindAfterAWhile() {
        probe.measure(0, diagonal(4, 3.5f, 0));
        double spectralNorm = 0;
        for (int i = 0; i <= SpectrumProbe.CHALLENGE_EVERY; i++) {
            spectralNorm = probe.measure(0, diagonal(3.5f, 4, 0)).spectralNorm();
        }
        assertThat(spectralNorm).isCloseTo(4, withinPercentage(PROMISE));
    }

    @Test
    void shouldMeasureASlotWhoseShapeChanged() {
        probe.measure(0, gaussian(5, 7, 1));
        assertThat(probe.measure(0, withSingularValues(7, 5, 2, 6, 1)).spectralNorm())
                .isCloseTo(6, withinPercentage(PROMISE));
    }

    @Test
    void shouldAlignTopVectorsOfAdjacentMatrices() {
        probe.measure(0, FloatMatrix.of(2, 3, 0, 5, 0, 0, 0, 1));
        probe.measure(1, FloatMatrix.of(3, 2, 0, 0, 3, 4, 0, 0));
        assertThat(probe.alignment(0, 1)).isCloseTo(1, within(1e-3));
        probe.measure(1, FloatMatrix.of(3, 2, 0, 0, 0, 0, 3, 4));
        assertThat(probe.alignment(0, 1)).isCloseTo(0, within(1e-2));
        probe.measure(1, FloatMatrix.of(3, 2, 0, 0, 3, 0, 3, 0));
        assertThat(probe.alignment(0, 1)).isCloseTo(Math.sqrt(0.5), within(1e-2));
    }

    @Test
    void shouldNotAlignWhatCannotBeAligned() {
        assertThat(probe.alignment(0, 1)).isNaN();
        probe.measure(0, gaussian(2, 3, 1));
        assertThat(probe.alignment(0, 1)).isNaN();
        probe.measure(1, gaussian(2, 3, 1));
        assertThat(probe.alignment(0, 1)).isNaN();
        probe.measure(1, gaussian(3, 2, 1));
        assertThat(probe.alignment(0, 1)).isBetween(0.0, 1.0);
        probe.measure(1, constant(3, 2, Float.NaN));
        assertThat(probe.alignment(0, 1)).isNaN();
    }

    @Test
    void shouldStartColdAfterForgetting() {
        FloatMatrix a = withSingularValues(80, 50, 11, 5, 3, 1, 0.5);
        probe.measure(0, a);
        probe.forget(0);
        assertThat(probe.alignment(0, 0)).isNaN();
        assertThat(probe.measure(0, a).iterations()).isGreaterThan(1);
    }

    @Test
    void shouldGiveTheSameAnswersToTheSameQuestions() {
        SpectrumProbe other = new SpectrumProbe(backend, 1);
        for (int i = 0; i < 5; i++) {
            FloatMatrix a = gaussian(33, 21, i);
            assertThat(other.measure(0, a)).isEqualTo(probe.measure(0, a));
        }
    }

    @Test
    void shouldStayWithinItsPassesOnAFlatSpectrum() {
        for (int i = 0; i < 5; i++) {
            FloatMatrix a = gaussian(300, 300, 40 + i);
            MatrixSpectrum spectrum = probe.measure(0, a);
            assertThat(spectrum.iterations()).isLessThanOrEqualTo(2 * SpectrumProbe.MAX_PASSES);
            assertThat(spectrum.spectralNorm()).isCloseTo(TestMatrices.singularValues(a)[0], withinPercentage(2));
        }
    }
}
