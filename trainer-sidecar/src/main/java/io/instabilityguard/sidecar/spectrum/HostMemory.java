package io.instabilityguard.sidecar.spectrum;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Elements in memory that Java reads and writes.
 *
 * @param values direct buffer in native byte order that starts at the first element
 */
record HostMemory(FloatBuffer values) implements MatrixMemory {
    HostMemory {
        if (!values.isDirect() || values.order() != ByteOrder.nativeOrder() || values.position() != 0) {
            throw new IllegalArgumentException("matrix values must be a direct native-order buffer at position 0");
        }
    }

    @Override
    public int capacity() {
        return values.limit();
    }

    @Override
    public MatrixMemory from(int first) {
        return new HostMemory(values.slice(first, values.limit() - first));
    }
}
