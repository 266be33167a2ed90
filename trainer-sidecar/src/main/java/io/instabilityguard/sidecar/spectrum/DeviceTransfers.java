package io.instabilityguard.sidecar.spectrum;

import java.nio.FloatBuffer;

/** Brings the operands of one call to a device and its results back, through scratch memory that is used again. */
final class DeviceTransfers {
    private final DeviceBackend backend;
    private final Device device;
    private final Workspace copies;
    private final Workspace hostCopies;

    /** {@code hostCopies} lie in host memory. */
    DeviceTransfers(DeviceBackend backend, Device device, Workspace hostCopies) {
        this.backend = backend;
        this.device = device;
        this.copies = new Workspace(backend);
        this.hostCopies = hostCopies;
    }

    /** The matrix on the device: itself, or a copy in scratch memory of this number. */
    FloatMatrix here(FloatMatrix matrix, int scratch) {
        return backend.resident(matrix, copies, scratch);
    }

    /** Where a target is computed whose old content does not matter. */
    FloatMatrix target(FloatMatrix target, int scratch) {
        return target.memory() instanceof DeviceMemory
                ? target
                : copies.matrix(scratch, target.rows(), target.columns());
    }

    /** Brings what was computed to where it was asked for. */
    void finish(FloatMatrix computed, FloatMatrix target) {
        if (target.memory() instanceof HostMemory memory && !target.isEmpty()) {
            device.copyOut(address(computed), memory.values(), bytes(target));
        }
    }

    /** The matrix in host memory: itself, or a copy in host scratch memory of this number. */
    FloatMatrix onHost(FloatMatrix matrix, int scratch) {
        if (matrix.memory() instanceof HostMemory) {
            return matrix;
        }
        FloatMatrix copy = hostCopies.matrix(scratch, matrix.rows(), matrix.columns());
        if (!matrix.isEmpty()) {
            device.copyOut(address(matrix), copy.values(), bytes(matrix));
        }
        return copy;
    }

    void copyIn(FloatBuffer from, FloatMatrix to) {
        if (to.isEmpty()) {
            return;
        }
        if (to.memory() instanceof HostMemory memory) {
            memory.values().put(0, from, 0, to.size());
        } else {
            device.copyIn(from, address(to), bytes(to));
        }
    }

    void clear(FloatMatrix matrix) {
        if (!matrix.isEmpty()) {
            device.zero(address(matrix), bytes(matrix));
        }
    }

    private static long bytes(FloatMatrix matrix) {
        return (long) matrix.size() * Float.BYTES;
    }

    long address(FloatMatrix matrix) {
        backend.checkOpen();
        if (matrix.memory() instanceof DeviceMemory memory) {
            if (memory.owner() instanceof DeviceWindow window) {
                window.checkOpen();
            }
            return memory.address();
        }
        throw new IllegalStateException("a matrix in host memory has no address on the device");
    }

    /** Host scratch memory of this number with arbitrary content. */
    FloatMatrix onHost(int scratch, int rows, int columns) {
        return hostCopies.matrix(scratch, rows, columns);
    }
}
