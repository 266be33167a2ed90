package io.instabilityguard.sidecar.spectrum;

/**
 * First-order increment of the query-key product (arXiv 2606.28116). In the layout of weights here (rows are outputs, columns inputs)
 * logits are x Wqᵀ Wk xᵀ, so that the increment of one update is D2 = ΔWqᵀ Wk + Wqᵀ ΔWk.
 */
public final class QkIncrement {

    /** Work memory over {@code backend}. */
    public QkIncrement(MatrixBackend backend) {}

    /**
     * Effective rank exp(−Σ p ln p), p = σ² / Σσ², of D2, for the whole matrices and per head. All four are rows = outputs × columns =
     * inputs and are not changed; key matrices may have fewer rows (grouped queries).
     *
     * @param heads number of query heads; 0 when unknown
     */
    public QkIncrementRank effectiveRank(
            FloatMatrix query, FloatMatrix key, FloatMatrix queryUpdate, FloatMatrix keyUpdate, int heads) {
        return new QkIncrementRank(Double.NaN, new double[heads]);
    }
}
