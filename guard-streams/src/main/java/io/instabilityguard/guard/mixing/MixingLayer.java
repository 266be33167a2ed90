package io.instabilityguard.guard.mixing;

import io.instabilityguard.schemas.ResidualMixing;
import java.util.List;
import org.ejml.data.DMatrixRMaj;

/**
 * The mixing of one layer as one rank reported it.
 *
 * @param processRank the rank
 * @param projected whether the forward pass mixes with a projection
 * @param mixed the matrix in use, n x n: new stream i = sum over j of entry (i, j) times stream j
 * @param unprojected the matrix before projection
 */
record MixingLayer(int processRank, boolean projected, DMatrixRMaj mixed, DMatrixRMaj unprojected) {

    /** A record whose lengths have been validated. */
    static MixingLayer of(int processRank, ResidualMixing mixing) {
        int n = mixing.getSize();
        return new MixingLayer(
                processRank, mixing.getProjected(), matrix(n, mixing.getMixed()), matrix(n, mixing.getUnprojected()));
    }

    int size() {
        return mixed.numRows;
    }

    boolean isFinite() {
        return isFinite(mixed) && isFinite(unprojected);
    }

    private static boolean isFinite(DMatrixRMaj matrix) {
        for (double entry : matrix.data) {
            if (!Double.isFinite(entry)) {
                return false;
            }
        }
        return true;
    }

    private static DMatrixRMaj matrix(int n, List<Float> entries) {
        DMatrixRMaj matrix = new DMatrixRMaj(n, n);
        for (int i = 0; i < entries.size(); i++) {
            matrix.data[i] = entries.get(i);
        }
        return matrix;
    }
}
