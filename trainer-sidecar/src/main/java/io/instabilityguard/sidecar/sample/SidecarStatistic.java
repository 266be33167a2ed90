package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** The statistics that the sidecar itself computes, by their names in telemetry. */
enum SidecarStatistic {
    /** ‖W − W₀‖F / ‖W₀‖F since the previous sample; per matrix. */
    UPDATE_RATIO("updateRatio"),
    /** Effective rank of the first-order query-key increment since the previous sample (arXiv 2606.28116); per block, one value per head where known. */
    QUERY_KEY_INCREMENT_RANK("queryKeyIncrementRank"),
    /**
     * 2 (1 − majority-sign share) of the tokens' products with the top right singular vector (arXiv 2510.04202): 1 when the signs are
     * diverse, 0 when every token lies on one side; per matrix.
     */
    SIGN_DIVERSITY("signDiversity"),
    /** Root mean square of the residual stream that leaves the block, over tokens and width; per block. */
    RESIDUAL_RMS("residualRms"),
    /** Spectral norm of the block's least-squares Jacobian; per block. */
    BLOCK_NORM("blockNorm"),
    /** Alignment of the block's Jacobian with that of the block before (MSign, arXiv 2602.01734, Def. 3.2); per block. */
    BLOCK_ALIGNMENT("blockAlignment"),
    /** Alignment of the block's Jacobian with the product of all before; per block. */
    BLOCK_PRODUCT_ALIGNMENT("blockProductAlignment"),
    /** Natural logarithm of the spectral norm of the product of the Jacobians up to this block; per block. */
    BLOCK_LOG_PRODUCT_NORM("blockLogProductNorm");

    static final Set<String> NAMES =
            Arrays.stream(values()).map(statistic -> statistic.metric).collect(Collectors.toUnmodifiableSet());

    private final String metric;

    SidecarStatistic(String metric) {
        this.metric = metric;
    }

    /** The statistic with these values; empty when one of them is not finite, as of a block that has none before it. */
    Optional<Statistic> of(String layer, int depth, double... values) {
        List<Double> boxed = DoubleStream.of(values).boxed().toList();
        boolean finite = values.length > 0 && boxed.stream().allMatch(value -> Math.abs(value) <= Float.MAX_VALUE);
        return finite ? Optional.of(new Statistic(metric, layer, depth, boxed)) : Optional.empty();
    }
}
