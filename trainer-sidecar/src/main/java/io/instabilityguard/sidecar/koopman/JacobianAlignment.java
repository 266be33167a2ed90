package io.instabilityguard.sidecar.koopman;

import java.util.List;

/**
 * Jacobians of consecutive blocks, in the order of the forward pass.
 *
 * @param blocks one per block; empty when {@code abstention} is not
 * @param abstention why there are no numbers; empty when there are
 */
public record JacobianAlignment(List<BlockJacobian> blocks, String abstention) {

    /** Copies the blocks. */
    public JacobianAlignment {
        blocks = List.copyOf(blocks);
    }

    /** True when there are numbers. */
    public boolean usable() {
        return abstention.isEmpty();
    }

    /** Average alignment of adjacent blocks (what MSign's Figure 1 plots); NaN for fewer than two blocks. */
    public double meanAlignment() {
        return blocks.stream()
                .skip(1)
                .mapToDouble(BlockJacobian::alignment)
                .average()
                .orElse(Double.NaN);
    }

    /** Average alignment of each block with the product of all before; NaN for fewer than two blocks. */
    public double meanProductAlignment() {
        return blocks.stream()
                .skip(1)
                .mapToDouble(BlockJacobian::productAlignment)
                .average()
                .orElse(Double.NaN);
    }

    /** ln ‖J_L … J_1‖2 of all blocks; NaN without blocks. */
    public double logProductNorm() {
        return blocks.isEmpty() ? Double.NaN : blocks.get(blocks.size() - 1).logProductNorm();
    }
}
