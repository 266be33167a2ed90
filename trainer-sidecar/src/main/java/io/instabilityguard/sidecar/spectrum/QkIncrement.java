package io.instabilityguard.sidecar.spectrum;

import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * First-order increment of the query-key product (mechanism-driven monitors, arXiv 2606.28116). In the layout of weights here (rows are
 * outputs, columns inputs) logits are x Wqᵀ Wk xᵀ, so that the increment of one update is D2 = ΔWqᵀ Wk + Wqᵀ ΔWk: the product of the
 * thin factors [c ΔWq; Wq]ᵀ and [Wk; c ΔWk], up to the factor c that balances them in float32. The weights are those before the
 * update; with those after it the difference is of second order.
 *
 * <p>Cost per head of h rows and d columns: one decomposition and one set of singular values of 2h × d, or of d × d where that is
 * smaller. Not thread-safe; reuses its work memory.
 */
public final class QkIncrement {
    private static final int LEFT = 0;
    private static final int RIGHT = 1;
    private static final int CORE = 2;
    private static final int VALUES = 3;
    private static final int LEFT_VECTORS = 4;
    private static final int RIGHT_VECTORS = 5;
    private static final int TURNED = 6;

    private final MatrixBackend backend;
    private final Workspace workspace;

    /** Work memory over {@code backend}. */
    public QkIncrement(MatrixBackend backend) {
        this.backend = backend.onHost();
        this.workspace = new Workspace(this.backend);
    }

    /**
     * Effective rank exp(−Σ p ln p), p = σ² / Σσ², of D2, for the whole matrices and per head. All four are rows = outputs × columns =
     * inputs in host memory and are not changed; key matrices may have fewer rows (grouped queries).
     *
     * @param heads number of query heads; 0 when unknown
     */
    public QkIncrementRank effectiveRank(
            FloatMatrix query, FloatMatrix key, FloatMatrix queryUpdate, FloatMatrix keyUpdate, int heads) {
        double weights = norm(query) + norm(key);
        double balance = weights / (norm(queryUpdate) + norm(keyUpdate));
        Layer layer = new Layer(query, key, queryUpdate, keyUpdate, 1 / weights, balance / weights);
        double whole = query.rows() == key.rows() ? rankOf(layer, 0, 0, query.rows()) : Double.NaN;
        return new QkIncrementRank(whole, perHead(layer, heads));
    }

    /** The four matrices, and what brings weights and updates to a norm of about 1. */
    private record Layer(
            FloatMatrix query,
            FloatMatrix key,
            FloatMatrix queryUpdate,
            FloatMatrix keyUpdate,
            double weightScale,
            double updateScale) {

        boolean defined() {
            return weightScale > 0
                    && weightScale < Double.POSITIVE_INFINITY
                    && updateScale < Double.POSITIVE_INFINITY
                    && query.columns() == key.columns();
        }
    }

    private double norm(FloatMatrix a) {
        return Math.sqrt(backend.dot(a, a));
    }

    private double[] perHead(Layer layer, int heads) {
        double[] ranks = new double[heads];
        int rows = heads == 0 ? 0 : layer.query.rows() / heads;
        int keyHeads = rows == 0 ? 0 : layer.key.rows() / rows;
        boolean fits = keyHeads > 0
                && heads * rows == layer.query.rows()
                && keyHeads * rows == layer.key.rows()
                && heads % keyHeads == 0;
        for (int head = 0; head < heads; head++) {
            int keyHead = fits ? head / (heads / keyHeads) : 0;
            ranks[head] = fits ? rankOf(layer, head * rows, keyHead * rows, rows) : Double.NaN;
        }
        return ranks;
    }

    private double rankOf(Layer layer, int firstQuery, int firstKey, int rows) {
        if (!layer.defined()) {
            return Double.NaN;
        }
        int d = layer.query.columns();
        FloatMatrix left = workspace.matrix(LEFT, 2 * rows, d);
        FloatMatrix right = workspace.matrix(RIGHT, 2 * rows, d);
        put(layer.queryUpdate, firstQuery, layer.updateScale, left, 0, rows);
        put(layer.query, firstQuery, layer.weightScale, left, rows, rows);
        put(layer.key, firstKey, layer.weightScale, right, 0, rows);
        put(layer.keyUpdate, firstKey, layer.updateScale, right, rows, rows);
        FloatMatrix core = 2 * rows < d ? thinCore(left, right) : product(left, right);
        if (core == null) {
            return Double.NaN;
        }
        FloatMatrix values = workspace.matrix(VALUES, core.smallSide(), 1);
        return backend.singularValues(core, values) ? effectiveRank(values) : Double.NaN;
    }

    private static void put(FloatMatrix source, int first, double scale, FloatMatrix target, int at, int rows) {
        FloatBuffer from = source.values();
        FloatBuffer to = target.values();
        int d = source.columns();
        for (int i = 0; i < rows * d; i++) {
            to.put(at * d + i, (float) (scale * from.get(first * d + i)));
        }
    }

    /** leftᵀ · right, d × d. */
    private FloatMatrix product(FloatMatrix left, FloatMatrix right) {
        FloatMatrix turned = workspace.matrix(TURNED, left.columns(), left.rows());
        for (int i = 0; i < left.rows(); i++) {
            for (int j = 0; j < left.columns(); j++) {
                turned.values().put(j * left.rows() + i, left.get(i, j));
            }
        }
        FloatMatrix core = workspace.matrix(CORE, left.columns(), right.columns());
        backend.multiply(1, turned, right, 0, core);
        return core;
    }

    /** With left = U Σ Vᵀ, leftᵀ · right = V (Σ Uᵀ right): the bracket, 2h × d, has the same singular values. Null: not converged. */
    private @Nullable FloatMatrix thinCore(FloatMatrix left, FloatMatrix right) {
        int n = left.rows();
        FloatMatrix vectors = workspace.matrix(LEFT_VECTORS, n, n);
        FloatMatrix values = workspace.matrix(VALUES, n, 1);
        if (!backend.decompose(left, vectors, values, workspace.matrix(RIGHT_VECTORS, n, left.columns()))) {
            return null;
        }
        FloatMatrix turned = workspace.matrix(TURNED, n, n);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                turned.values().put(j * n + i, vectors.get(i, j) * values.get(j, 0));
            }
        }
        FloatMatrix core = workspace.matrix(CORE, n, left.columns());
        backend.multiply(1, turned, right, 0, core);
        return core;
    }

    private static double effectiveRank(FloatMatrix singularValues) {
        double total = 0;
        for (int i = 0; i < singularValues.rows(); i++) {
            total += (double) singularValues.get(i, 0) * singularValues.get(i, 0);
        }
        double entropy = 0;
        for (int i = 0; i < singularValues.rows(); i++) {
            double p = (double) singularValues.get(i, 0) * singularValues.get(i, 0) / total;
            entropy -= p > 0 ? p * Math.log(p) : 0;
        }
        return total > 0 ? Math.exp(entropy) : Double.NaN;
    }
}
