package io.instabilityguard.sidecar.spectrum;

import java.util.ArrayList;
import java.util.List;

/**
 * Reused work memory in a backend: numbered buffers that grow to the largest matrix asked of them and are never given back, so that
 * repeated work allocates nothing. Not thread-safe; one per worker.
 */
public final class Workspace {
    private final MatrixBackend backend;
    private final List<FloatMatrix> buffers = new ArrayList<>();

    /** An empty workspace in {@code backend}'s memory. */
    public Workspace(MatrixBackend backend) {
        this.backend = backend;
    }

    /** The backend whose memory this is. */
    public MatrixBackend backend() {
        return backend;
    }

    /** Buffer {@code number} as a matrix with arbitrary content; an earlier matrix of the same number shares its memory. */
    public FloatMatrix matrix(int number, int rows, int columns) {
        while (buffers.size() <= number) {
            buffers.add(backend.allocate(0, 0));
        }
        FloatMatrix buffer = buffers.get(number);
        if (buffer.memory().capacity() < (long) rows * columns) {
            buffer = backend.allocate(rows, columns);
            buffers.set(number, buffer);
        }
        return buffer.rows() == rows && buffer.columns() == columns ? buffer : buffer.reshaped(rows, columns);
    }
}
