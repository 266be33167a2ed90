package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.MatrixRole;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/**
 * One number to look at.
 *
 * @param metric what is measured
 * @param statistic for {@link Metric#LAYER_STATISTIC}: its name in the records; empty otherwise
 * @param of how several layers become one number
 * @param roles spectra and statistics of matrices with these roles only; empty for all that are weights (residual mixing is not)
 * @param depths layers of these blocks only
 * @param logarithm whether the natural logarithm is taken
 * @param holdSteps steps for which a sampled value stands, that of the sample included
 */
public record Quantity(
        Metric metric,
        String statistic,
        Reduction of,
        Set<MatrixRole> roles,
        Depths depths,
        boolean logarithm,
        int holdSteps) {

    /** Keeps its own copy, sorted. */
    public Quantity {
        roles = Collections.unmodifiableSet(new TreeSet<>(roles));
    }

    /** The metric as it is, over all layers. */
    public static Quantity of(Metric metric) {
        return new Quantity(metric, "", metric.reduction(), Set.of(), Depths.ALL, false, 1);
    }

    /** The name in messages and records. */
    public String label() {
        return statistic.isEmpty() ? metric.label() : statistic;
    }

    /** Whether a matrix takes part. */
    public boolean covers(MatrixRole role, int depth) {
        return depths.contains(depth) && (roles.isEmpty() ? role != MatrixRole.RESIDUAL_MIXING : roles.contains(role));
    }
}
