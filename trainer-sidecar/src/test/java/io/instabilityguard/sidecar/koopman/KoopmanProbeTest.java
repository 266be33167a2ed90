package io.instabilityguard.sidecar.koopman;

import static io.instabilityguard.sidecar.koopman.Snapshots.block;
import static io.instabilityguard.sidecar.koopman.Snapshots.gaussian;
import static io.instabilityguard.sidecar.koopman.Snapshots.linear;
import static io.instabilityguard.sidecar.koopman.Snapshots.withEigenvalues;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import java.util.Arrays;
import org.ejml.simple.SimpleMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KoopmanProbeTest {
    /** What float32 snapshots allow. */
    private static final double CLOSE = 1e-5;

    private static final double[][] PLANTED = {{1.2, 0}, {1.0, 0.2}, {0.95, 0}, {0.85, 0}, {0.6, 0.3}, {0.3, 0}};

    private final KoopmanProbe probe = new KoopmanProbe(KoopmanSettings.DEFAULT);

    @Test
    void shouldFindThePlantedSpectrum() {
        KoopmanProfile profile = probe.profile(linear(gaussian(200, 8, 1), withEigenvalues(2, PLANTED)));
        assertThat(profile.abstention()).isEmpty();
        assertThat(moduli(profile)).containsExactly(planted(), within(CLOSE));
        assertThat(profile.modes()).allMatch(KoopmanMode::kept);
        assertThat(profile.nearUnitMass()).isEqualTo(3 / 8.0);
        assertThat(profile.overUnitMass()).isEqualTo(1 / 8.0);
        assertThat(profile.contractingMass()).isEqualTo(3 / 8.0);
        assertThat(profile.spectralRadius()).isCloseTo(1.2, within(CLOSE));
        assertThat(profile.nonlinearityRatio()).isLessThan(CLOSE);
        assertThat(profile.medianResidual()).isLessThan(CLOSE);
        assertThat(profile.eigenvectorCondition()).isBetween(1.0, 100.0);
        assertThat(profile.rank()).isEqualTo(8);
    }

    /** numpy 2: ZCA by eigh, pinv, eig, as the paper writes it (N = 48, d = 6). */
    @Test
    void shouldAgreeWithThePapersFormulas() {
        KoopmanProfile profile = probe.profile(tanhBlock());
        assertThat(profile.nonlinearityRatio()).isCloseTo(0.3166398893406442, within(1e-6));
        assertThat(profile.medianResidual()).isCloseTo(0.02052508584198531, within(1e-6));
        assertThat(profile.eigenvectorCondition()).isCloseTo(36.86419163676406, withinPercentage(0.01));
        assertThat(profile.eigenvalues(3)[0]).isCloseTo(1.0533397f, within(1e-6f));
        assertThat(profile.eigenvalues(3)[2]).isCloseTo(1.0111795f, within(1e-6f));
        assertThat(Math.abs(profile.eigenvalues(3)[3])).isCloseTo(0.0277042f, within(1e-6f));
        assertThat(profile.nearUnitMass()).isCloseTo(5 / 6.0, within(1e-12));
        assertThat(profile.overUnitMass()).isCloseTo(1 / 6.0, within(1e-12));
    }

    @Test
    void shouldNotMoveFullEigenvaluesByWhitening() {
        SimpleMatrix entering = gaussian(300, 8, 3);
        SimpleMatrix leaving = entering.mult(withEigenvalues(4, PLANTED)).plus(0.1, gaussian(300, 8, 5));
        SimpleMatrix stretch =
                SimpleMatrix.diag(0.01, 0.1, 0.5, 1, 2, 5, 20, 100).mult(withEigenvalues(6, PLANTED));
        double[] expected = moduli(probe.profile(block(entering, leaving)));
        for (double epsilon : new double[] {1e-9, 1e-2, 10}) {
            KoopmanProbe other = new KoopmanProbe(new KoopmanSettings(32, 96, epsilon, 0.1, 2, 1e9, 1));
            assertThat(moduli(other.profile(block(entering, leaving)))).containsExactly(expected, within(CLOSE));
            assertThat(moduli(other.profile(block(entering.mult(stretch), leaving.mult(stretch)))))
                    .containsExactly(expected, within(1e-3));
        }
    }

    @Test
    void shouldRecoverLeadingModesByTruncatingBeforeWhitening() {
        int width = 120;
        int leading = 6;
        double[] planted = {1.3, 1.2, 1.1, 0.7, 0.6, 0.5};
        double[] deviations = new double[width];
        double[] eigenvalues = new double[width];
        for (int i = 0; i < width; i++) {
            deviations[i] = i < leading ? 10 - i : 0.02;
            eigenvalues[i] = i < leading ? planted[i] : 0.95;
        }
        SimpleMatrix entering = gaussian(480, width, 7).mult(SimpleMatrix.diag(deviations));
        SimpleMatrix leaving = entering.mult(SimpleMatrix.diag(eigenvalues)).plus(0.01, gaussian(480, width, 8));
        KoopmanProbe truncating = new KoopmanProbe(new KoopmanSettings(leading, 96, 1e-5, 0.1, 2, 1, 1));
        assertThat(moduli(truncating.profile(block(entering, leaving)))).containsExactly(planted, within(0.01));
        double[] papers = truncatedAfterWhitening(entering, leaving, leading);
        assertThat(Math.abs(papers[0] - 1.3)).isGreaterThan(0.1);
        assertThat(Math.abs(papers[leading - 1] - 0.5)).isGreaterThan(0.1);
    }

    /** A zero-initialised branch: the score says nothing about stability there. */
    @Test
    void shouldSeeOnlyNearUnitModesInAnIdentity() {
        for (int width : new int[] {12, 130}) {
            SimpleMatrix entering = gaussian(600, width, 9);
            KoopmanProfile profile = probe.profile(block(entering, entering));
            assertThat(profile.usable()).isTrue();
            assertThat(profile.nearUnitMass()).isEqualTo(1);
            assertThat(profile.spectralRadius()).isEqualTo(1);
            assertThat(profile.nonlinearityRatio()).isZero();
            assertThat(profile.eigenvectorCondition()).isCloseTo(1, within(1e-9));
        }
    }

    @Test
    void shouldCallADefectiveOperatorInfinitelyConditioned() {
        FloatMatrix entering = FloatMatrix.of(8, 2, 1, 1, 1, -1, -1, 1, -1, -1, 1, 1, 1, -1, -1, 1, -1, -1);
        FloatMatrix leaving = FloatMatrix.zeros(8, 2);
        for (int i = 0; i < 8; i++) {
            leaving.values().put(2 * i, entering.get(i, 0) + entering.get(i, 1));
            leaving.values().put(2 * i + 1, entering.get(i, 1));
        }
        KoopmanProfile profile = probe.profile(new BlockSnapshots(entering, leaving));
        assertThat(profile.eigenvectorCondition()).isInfinite();
        assertThat(profile.nearUnitMass()).isEqualTo(1);
    }

    @Test
    void shouldAbstainWhenNoLinearMapExplainsTheBlock() {
        KoopmanProfile profile = probe.profile(block(gaussian(64, 8, 10), gaussian(64, 8, 11)));
        assertThat(profile.usable()).isFalse();
        assertThat(profile.abstention()).contains("median residual").contains("0.100");
        assertThat(profile.keptShare()).isZero();
        assertThat(profile.nearUnitMass()).isNaN();
        assertThat(profile.modes()).hasSize(8);
        SimpleMatrix entering = gaussian(20, 8, 12);
        SimpleMatrix disturbed = entering.plus(1e-3, gaussian(20, 8, 13));
        assertThat(new KoopmanProbe(new KoopmanSettings(32, 96, 1e-5, 0.1, 2, 0.1, 0.5))
                        .profile(block(entering, disturbed))
                        .abstention())
                .contains("nonlinearity ratio");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 16})
    void shouldAbstainOnTooFewTokens(int tokens) {
        KoopmanProfile profile = probe.profile(linear(gaussian(tokens, 8, 14), SimpleMatrix.identity(8)));
        assertThat(profile.abstention())
                .isEqualTo("too few tokens: " + tokens + " for 8 modes, at least 17 are needed");
        assertThat(profile.nearUnitMass()).isNaN();
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void shouldAbstainOnNonFiniteSnapshots(float bad) {
        for (int at : new int[] {0, 77, 64 * 4 - 1}) {
            BlockSnapshots block = linear(gaussian(64, 4, 15), SimpleMatrix.identity(4));
            block.entering().values().put(at, bad);
            assertThat(probe.profile(block).abstention()).contains("NaN or an infinity");
            assertThat(probe.profile(new BlockSnapshots(block.leaving(), block.entering()))
                            .abstention())
                    .contains("NaN or an infinity");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {6, 100})
    void shouldAbstainOnSnapshotsThatSpanTooLittle(int width) {
        SimpleMatrix still = SimpleMatrix.ones(300, width).scale(0.1);
        assertThat(probe.profile(block(still, gaussian(300, width, 16))).abstention())
                .isEqualTo("the entering snapshots do not vary");
        assertThat(probe.profile(block(new SimpleMatrix(300, width), still)).abstention())
                .isEqualTo("the entering snapshots do not vary");
        SimpleMatrix repeated = gaussian(300, 1, 17).mult(SimpleMatrix.ones(1, width));
        assertThat(probe.profile(block(repeated, repeated)).abstention()).contains("span only 1 of");
        SimpleMatrix outlier = gaussian(300, width, 18);
        outlier.set(5, 3, 1e30);
        assertThat(probe.profile(block(outlier, outlier)).abstention()).contains("span only 1 of");
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-30, 1e-10, 1e30})
    void shouldBearAnyScale(double scale) {
        BlockSnapshots block = linear(gaussian(100, 8, 19).scale(scale), withEigenvalues(20, PLANTED));
        assertThat(moduli(probe.profile(block))).containsExactly(planted(), within(CLOSE));
    }

    @Test
    void shouldNotRememberTheLastBlock() {
        BlockSnapshots wide =
                linear(gaussian(300, 130, 21), SimpleMatrix.identity(130).scale(0.9));
        KoopmanProfile fresh = new KoopmanProbe(KoopmanSettings.DEFAULT).profile(tanhBlock());
        probe.profile(wide);
        assertThat(probe.profile(tanhBlock())).isEqualTo(fresh);
        assertThat(probe.profile(wide).spectralRadius()).isCloseTo(0.9, within(CLOSE));
    }

    private static BlockSnapshots tanhBlock() {
        FloatMatrix entering = FloatMatrix.zeros(48, 6);
        FloatMatrix leaving = FloatMatrix.zeros(48, 6);
        for (int i = 0; i < 48; i++) {
            for (int j = 0; j < 6; j++) {
                entering.values().put(6 * i + j, (float) Math.sin(1 + 0.7 * i + 1.3 * j + 0.11 * i * j));
            }
            for (int k = 0; k < 6; k++) {
                double sum = 0;
                for (int j = 0; j < 6; j++) {
                    sum += entering.get(i, j) * Math.cos(j + 2 * k);
                }
                leaving.values().put(6 * i + k, (float) (entering.get(i, k) + 0.3 * Math.tanh(sum)));
            }
        }
        return new BlockSnapshots(entering, leaving);
    }

    private static double[] planted() {
        return Arrays.stream(PLANTED)
                .flatMapToDouble(pair -> {
                    double modulus = Math.hypot(pair[0], pair[1]);
                    return pair[1] == 0
                            ? java.util.stream.DoubleStream.of(modulus)
                            : java.util.stream.DoubleStream.of(modulus, modulus);
                })
                .toArray();
    }

    private static double[] moduli(KoopmanProfile profile) {
        return profile.modes().stream().mapToDouble(KoopmanMode::modulus).toArray();
    }

    /**
     * The paper's order: whiten, then a randomised singular value decomposition of the whitened snapshots (8 oversamples, 2 power
     * iterations), whose singular values hardly differ. Moduli, largest first.
     */
    private static double[] truncatedAfterWhitening(SimpleMatrix entering, SimpleMatrix leaving, int rank) {
        SimpleMatrix x = centred(entering);
        SimpleMatrix y = centred(leaving);
        int n = x.getNumCols();
        SimpleMatrix covariance = x.transpose().mult(x).divide(x.getNumRows() - 1.0);
        var decomposition = covariance.plus(1e-5, SimpleMatrix.identity(n)).svd();
        SimpleMatrix scales = new SimpleMatrix(n, n);
        for (int i = 0; i < n; i++) {
            scales.set(i, i, 1 / Math.sqrt(decomposition.getSingleValue(i)));
        }
        SimpleMatrix whitening =
                decomposition.getU().mult(scales).mult(decomposition.getU().transpose());
        SimpleMatrix whiteX = x.mult(whitening);
        SimpleMatrix gram = whiteX.transpose().mult(whiteX);
        SimpleMatrix range = gram.mult(gram).mult(gaussian(n, rank + 8, 22));
        SimpleMatrix basis = range.svd(true).getU().cols(0, rank + 8);
        SimpleMatrix leading = basis.mult(whiteX.mult(basis).svd(true).getV().cols(0, rank));
        SimpleMatrix px = whiteX.mult(leading);
        SimpleMatrix py = y.mult(whitening).mult(leading);
        SimpleMatrix operator = px.pseudoInverse().mult(py);
        return operator.eig().getEigenvalues().stream()
                .mapToDouble(value -> Math.hypot(value.real, value.imaginary))
                .map(value -> -value)
                .sorted()
                .map(value -> -value)
                .toArray();
    }

    private static SimpleMatrix centred(SimpleMatrix a) {
        SimpleMatrix mean = SimpleMatrix.ones(1, a.getNumRows()).mult(a).divide(a.getNumRows());
        return a.minus(SimpleMatrix.ones(a.getNumRows(), 1).mult(mean));
    }
}
