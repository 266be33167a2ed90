package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.StagingFile;
import io.instabilityguard.sidecar.spectrum.Dtype;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;

/**
 * The slots of a staging file as float32 matrices, one at a time: the matrix that {@link #read} gives is valid until the
 * next {@link #read}. Two buffers as large as the largest slot are all the memory it takes. Not thread-safe.
 */
public final class StagedMatrices {
    private final StagingFile staging;
    private final ByteBuffer bytes;
    private final FloatBuffer values;

    /** The matrices of this file. */
    public StagedMatrices(StagingFile staging) {
        this.staging = staging;
        this.bytes = direct(largest(staging.matrices(), Hello.Matrix::bytes)).order(ByteOrder.LITTLE_ENDIAN);
        this.values = direct(
                        largest(staging.matrices(), matrix -> (long) matrix.rows() * matrix.columns() * Float.BYTES))
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** What the hook says of the matrices, in the order of the slots. */
    public List<Hello.Matrix> descriptions() {
        return staging.matrices();
    }

    /** A copy of the slot's matrix. */
    public FloatMatrix read(int index) throws IOException {
        Hello.Matrix matrix = staging.matrices().get(index);
        staging.read(index, bytes);
        dtype(matrix).read(bytes, values, matrix.rows() * matrix.columns());
        return new FloatMatrix(matrix.rows(), matrix.columns(), values);
    }

    /**
     * Writes the matrix into its slot, in the slot's own dtype.
     *
     * @return the CRC-32 of the slot's bytes; empty when a finite element leaves the range of that dtype: nothing is written then
     */
    public OptionalLong write(int index, FloatMatrix content) throws IOException {
        Hello.Matrix matrix = staging.matrices().get(index);
        bytes.clear().limit((int) matrix.bytes());
        boolean fits = dtype(matrix).write(content.values(), bytes, content.size()) == 0;
        return fits ? OptionalLong.of(staging.write(index, bytes)) : OptionalLong.empty();
    }

    private static Dtype dtype(Hello.Matrix matrix) {
        return Dtype.valueOf(matrix.dtype().toUpperCase(Locale.ROOT));
    }

    private static long largest(List<Hello.Matrix> matrices, ToLongFunction<Hello.Matrix> size) {
        return matrices.stream().mapToLong(size).max().orElse(0);
    }

    private static ByteBuffer direct(long size) {
        return ByteBuffer.allocateDirect(Math.toIntExact(size));
    }
}
