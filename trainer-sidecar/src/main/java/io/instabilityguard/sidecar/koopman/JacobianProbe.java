package io.instabilityguard.sidecar.koopman;

import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import java.util.List;

/** Least-squares Jacobians of consecutive blocks from their residual snapshots. Not thread-safe; reuses its work memory. */
public final class JacobianProbe {

    /** A probe for {@code blocks} consecutive blocks, 1 or more; singular vectors of one measurement start the next. */
    public JacobianProbe(MatrixBackend backend, KoopmanSettings settings, int blocks) {}

    /** Measures the blocks, first to last; never throws on their values: bad ones abstain. All must have one width. */
    public JacobianAlignment measure(List<BlockSnapshots> blocks) {
        return new JacobianAlignment(List.of(), "not implemented yet");
    }
}
