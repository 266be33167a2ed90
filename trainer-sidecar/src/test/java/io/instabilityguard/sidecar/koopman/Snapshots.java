package io.instabilityguard.sidecar.koopman;

import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import java.util.Random;
import org.ejml.simple.SimpleMatrix;

/** Snapshots with fixed seeds and known operators. */
final class Snapshots {
    private Snapshots() {}

    static SimpleMatrix gaussian(int rows, int columns, long seed) {
        Random random = new Random(seed);
        SimpleMatrix a = new SimpleMatrix(rows, columns);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                a.set(i, j, random.nextGaussian());
            }
        }
        return a;
    }

    /** T · block diagonal · T⁻¹ with a random T: each pair (real, imaginary) with imaginary ≠ 0 stands for a conjugate pair. */
    static SimpleMatrix withEigenvalues(long seed, double[]... eigenvalues) {
        int n = 0;
        for (double[] eigenvalue : eigenvalues) {
            n += eigenvalue[1] == 0 ? 1 : 2;
        }
        SimpleMatrix blocks = new SimpleMatrix(n, n);
        int i = 0;
        for (double[] eigenvalue : eigenvalues) {
            blocks.set(i, i, eigenvalue[0]);
            if (eigenvalue[1] != 0) {
                blocks.set(i, i + 1, eigenvalue[1]);
                blocks.set(i + 1, i, -eigenvalue[1]);
                blocks.set(++i, i, eigenvalue[0]);
            }
            i++;
        }
        SimpleMatrix basis = SimpleMatrix.identity(n).plus(0.3, gaussian(n, n, seed));
        return basis.mult(blocks).mult(basis.invert());
    }

    /** Tokens are rows: leaving = entering · operatorᵀ. */
    static BlockSnapshots linear(SimpleMatrix entering, SimpleMatrix operator) {
        return block(entering, entering.mult(operator.transpose()));
    }

    static BlockSnapshots block(SimpleMatrix entering, SimpleMatrix leaving) {
        return new BlockSnapshots(toFloat(entering), toFloat(leaving));
    }

    static FloatMatrix toFloat(SimpleMatrix a) {
        FloatMatrix copy = FloatMatrix.zeros(a.getNumRows(), a.getNumCols());
        for (int i = 0; i < copy.size(); i++) {
            copy.values().put(i, (float) a.getDDRM().get(i));
        }
        return copy;
    }
}
