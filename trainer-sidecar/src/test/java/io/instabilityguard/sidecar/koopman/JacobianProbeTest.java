package io.instabilityguard.sidecar.koopman;

import static io.instabilityguard.sidecar.koopman.Snapshots.block;
import static io.instabilityguard.sidecar.koopman.Snapshots.gaussian;
import static io.instabilityguard.sidecar.koopman.Snapshots.linear;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.instabilityguard.sidecar.spectrum.OpenBlasBackend;
import java.util.ArrayList;
import java.util.List;
import org.ejml.simple.SimpleMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JacobianProbeTest {
    private final JacobianProbe probe = new JacobianProbe(new OpenBlasBackend(1), KoopmanSettings.DEFAULT, 100);

    /** Width 10 is regressed in full; of width 110 the map is seen through the 32 principal components that X has. */
    @ParameterizedTest
    @ValueSource(ints = {10, 110})
    void shouldAgreeWithTheKnownJacobians(int width) {
        SimpleMatrix stream = gaussian(500, 10, 1).mult(gaussian(10, width, 2)).scale(0.5);
        List<BlockSnapshots> blocks = new ArrayList<>();
        List<SimpleMatrix> jacobians = new ArrayList<>();
        for (int l = 0; l < 4; l++) {
            SimpleMatrix jacobian = SimpleMatrix.identity(width)
                    .plus(0.3, gaussian(width, width, 3 + l).mult(projectionOnto(stream)));
            blocks.add(linear(stream, jacobian));
            jacobians.add(jacobian);
        }
        JacobianAlignment found = probe.measure(blocks);
        assertThat(found.abstention()).isEmpty();
        SimpleMatrix product = jacobians.get(0);
        for (int l = 1; l < 4; l++) {
            BlockJacobian block = found.blocks().get(l);
            SimpleMatrix jacobian = jacobians.get(l);
            assertThat(block.spectralNorm()).isCloseTo(norm(jacobian), withinPercentage(0.1));
            assertThat(block.alignment()).isCloseTo(alignment(jacobian, jacobians.get(l - 1)), within(0.01));
            assertThat(block.productAlignment()).isCloseTo(alignment(jacobian, product), within(0.01));
            product = jacobian.mult(product);
            assertThat(block.logProductNorm()).isCloseTo(Math.log(norm(product)), within(0.005));
        }
    }

    /**
     * Against Theorem 4.2 of MSign as stated: J1 = e1 e1ᵀ, J2 = I + ε v vᵀ with v = (e1 + e2) / √2, J3 = e2 e2ᵀ. Both pairwise
     * alignments are 0.7, yet the product's norm is ε / 2; the alignment with the product says so.
     */
    @Test
    void shouldTellPairwiseAlignmentFromAlignmentWithTheProduct() {
        double epsilon = 0.1;
        SimpleMatrix first = new SimpleMatrix(2, 2, true, 1, 0, 0, 0);
        SimpleMatrix middle = SimpleMatrix.identity(2).plus(epsilon / 2, SimpleMatrix.ones(2, 2));
        SimpleMatrix last = new SimpleMatrix(2, 2, true, 0, 0, 0, 1);
        SimpleMatrix tokens = gaussian(400, 2, 4);
        JacobianAlignment found =
                probe.measure(List.of(linear(tokens, first), linear(tokens, middle), linear(tokens, last)));
        assertThat(found.blocks().get(1).alignment()).isCloseTo(Math.sqrt(0.5), within(0.01));
        assertThat(found.blocks().get(2).alignment()).isCloseTo(Math.sqrt(0.5), within(0.01));
        assertThat(found.meanAlignment()).isCloseTo(Math.sqrt(0.5), within(0.01));
        assertThat(found.blocks().get(2).productAlignment()).isCloseTo(epsilon / 2, within(0.01));
        assertThat(found.logProductNorm()).isCloseTo(Math.log(epsilon / 2), within(0.01));
        assertThat(found.meanProductAlignment()).isLessThan(0.5);
    }

    @Test
    void shouldNotOverflowOverAHundredBlocks() {
        for (double growth : new double[] {1e6, 1e-3}) {
            BlockSnapshots block =
                    linear(gaussian(60, 4, 5), SimpleMatrix.identity(4).scale(growth));
            List<BlockSnapshots> blocks = new ArrayList<>();
            for (int l = 0; l < 100; l++) {
                blocks.add(block);
            }
            assertThat(probe.measure(blocks).logProductNorm()).isCloseTo(100 * Math.log(growth), withinPercentage(0.5));
        }
    }

    @Test
    void shouldTakeABlockForTheIdentityWhereItSeesNothing() {
        SimpleMatrix line = gaussian(100, 1, 6).mult(new SimpleMatrix(1, 3, true, 1, 0, 0));
        JacobianAlignment found = probe.measure(List.of(block(line, line.scale(0.2))));
        assertThat(found.blocks().get(0).spectralNorm()).isCloseTo(1, within(1e-4));
        assertThat(found.blocks().get(0).alignment()).isNaN();
        assertThat(found.meanAlignment()).isNaN();
    }

    @Test
    void shouldAbstainOnTheFirstBadBlock() {
        BlockSnapshots good = linear(gaussian(60, 4, 7), SimpleMatrix.identity(4));
        BlockSnapshots bad = linear(gaussian(60, 4, 8), SimpleMatrix.identity(4));
        bad.leaving().values().put(9, Float.NaN);
        JacobianAlignment found = probe.measure(List.of(good, good, bad, good));
        assertThat(found.abstention()).isEqualTo("block 2 of those given: a snapshot holds a NaN or an infinity");
        assertThat(found.blocks()).isEmpty();
        assertThat(found.logProductNorm()).isNaN();
    }

    @Test
    void shouldNotTakeNoiseForAMap() {
        SimpleMatrix faint = gaussian(400, 4, 9).scale(1e-3);
        JacobianAlignment found = probe.measure(List.of(block(faint, faint.plus(gaussian(400, 4, 10)))));
        assertThat(found.blocks().get(0).spectralNorm()).isCloseTo(1, within(0.1));
    }

    @Test
    void shouldRefuseWhatItWasNotMadeFor() {
        BlockSnapshots narrow = linear(gaussian(60, 4, 11), SimpleMatrix.identity(4));
        BlockSnapshots wide = linear(gaussian(60, 5, 12), SimpleMatrix.identity(5));
        assertThatThrownBy(() -> probe.measure(List.of(narrow, wide))).hasMessageContaining("of one width");
        assertThat(probe.measure(List.of()).blocks()).isEmpty();
    }

    private static SimpleMatrix projectionOnto(SimpleMatrix rows) {
        SimpleMatrix v = rows.svd(true).getV().cols(0, Math.min(10, rows.getNumCols()));
        return v.mult(v.transpose());
    }

    private static double norm(SimpleMatrix a) {
        return a.svd().getSingleValue(0);
    }

    private static double alignment(SimpleMatrix block, SimpleMatrix before) {
        SimpleMatrix v = block.svd().getV().cols(0, 1);
        SimpleMatrix u = before.svd().getU().cols(0, 1);
        return Math.abs(v.dot(u));
    }
}
