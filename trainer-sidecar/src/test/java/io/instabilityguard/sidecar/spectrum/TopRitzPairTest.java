package io.instabilityguard.sidecar.spectrum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class TopRitzPairTest {
    private static final int CAPACITY = 24;
    private final TopRitzPair pair = new TopRitzPair(CAPACITY);

    /** T = L Lᵀ of a random bidiagonal L, so that no eigenvalue is negative; as it grows, against EJML's eigenvalues. */
    @RepeatedTest(20)
    void shouldFindTheTopPairOfAGrowingMatrix(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        DMatrixRMaj matrix = new DMatrixRMaj(CAPACITY, CAPACITY);
        double above = 0;
        for (int j = 0; j < CAPACITY; j++) {
            double diagonal = random.nextGaussian();
            double below = j == 0 ? 0 : random.nextGaussian();
            double coupling = Math.abs(below * above);
            matrix.set(j, j, diagonal * diagonal + below * below);
            if (j > 0) {
                matrix.set(j, j - 1, coupling);
                matrix.set(j - 1, j, coupling);
            }
            above = diagonal;
            pair.grow(matrix.get(j, j), coupling);
            assertTopPair(matrix, j + 1);
        }
    }

    @Test
    void shouldStartAfreshAfterClearing() {
        pair.grow(5, 0);
        pair.grow(1, 1);
        pair.clear();
        pair.grow(3, 7);
        assertThat(pair.value()).isEqualTo(3);
        assertThat(pair.weight(0)).isEqualTo(1);
    }

    @Test
    void shouldBearZero() {
        pair.grow(0, 0);
        assertThat(pair.value()).isZero();
        assertThat(pair.weight(0)).isEqualTo(1);
    }

    private void assertTopPair(DMatrixRMaj matrix, int size) {
        DMatrixRMaj leading = new DMatrixRMaj(size, size);
        double largest = 0;
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                leading.set(i, j, matrix.get(i, j));
            }
        }
        var eigen = DecompositionFactory_DDRM.eig(size, false, true);
        eigen.decompose(leading.copy());
        for (int i = 0; i < size; i++) {
            largest = Math.max(largest, eigen.getEigenvalue(i).getReal());
        }
        assertThat(pair.value()).isCloseTo(largest, within(1e-9 * largest));
        for (int i = 0; i < size; i++) {
            double product = 0;
            for (int j = 0; j < size; j++) {
                product += leading.get(i, j) * pair.weight(j);
            }
            assertThat(product).isCloseTo(largest * pair.weight(i), within(1e-6 * largest));
        }
    }
}
