package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.StagingFile;
import io.instabilityguard.sidecar.frame.StagingSlot;
import io.instabilityguard.sidecar.spectrum.Dtype;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * The slots of a session as float32 matrices, one at a time: the matrix that {@link #read(int)} gives is valid until the
 * next one. A buffer as large as the largest slot and one as large as the largest tracked matrix in float32 are all the memory
 * it takes. Not thread-safe.
 */
public final class StagedMatrices {
    private final StagingFile staging;
    private final List<Hello.Matrix> tracked;
    private final ByteBuffer bytes;
    private final FloatBuffer values;
    private final Optional<DeviceSlots> device;

    /** The slots of this file, which the hook described so. */
    public StagedMatrices(StagingFile staging, Hello hello) {
        this(staging, hello, Optional.empty());
    }

    /** The slots of this file, but for those of the matrices where they are on the device. */
    public StagedMatrices(StagingFile staging, Hello hello, Optional<DeviceSlots> device) {
        this.staging = staging;
        this.device = device;
        this.tracked = hello.matrices();
        int largestSlot =
                staging.slots().stream().mapToInt(StagingSlot::bytes).max().orElse(0);
        this.bytes = ByteBuffer.allocateDirect(largestSlot).order(ByteOrder.LITTLE_ENDIAN);
        int largestMatrix = tracked.stream()
                .mapToInt(matrix -> matrix.slot().elements())
                .max()
                .orElse(0);
        this.values = ByteBuffer.allocateDirect(largestMatrix * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** What the hook says of the tracked matrices, in the order of the slots, which are the first ones of the file. */
    public List<Hello.Matrix> descriptions() {
        return tracked;
    }

    /** A copy of a tracked matrix. */
    public FloatMatrix read(int index) throws IOException {
        StagingSlot slot = staging.slots().get(index);
        FloatMatrix matrix = new FloatMatrix(slot.rows(), slot.columns(), values);
        read(index, matrix);
        return matrix;
    }

    /**
     * Tracked matrices of one shape and type, to be looked at and not changed, where the numerics reach them on the device without a
     * detour by the host; empty when they must be read one by one. Valid until the next call.
     */
    Optional<List<FloatMatrix>> onDevice(List<Integer> indexes) {
        List<StagingSlot> slots = indexes.stream().map(staging.slots()::get).toList();
        return device.filter(there -> DeviceSlots.reaches(slots.get(0))).map(there -> there.resident(slots));
    }

    /** Whether what {@link #onDevice(List)} gives of this matrix is the slot itself, which takes no memory. */
    boolean isInPlace(int index) {
        return device.isPresent() && DeviceSlots.isInPlace(staging.slots().get(index));
    }

    /** Copies the first rows of any slot into {@code target}, as many as it has. */
    public void read(int index, FloatMatrix target) throws IOException {
        fill(index);
        dtype(index).read(bytes, target.values(), target.size());
    }

    /** A copy of the slot's bytes as they are. */
    public byte[] readBytes(int index) throws IOException {
        byte[] copy = new byte[staging.slots().get(index).bytes()];
        fill(index);
        bytes.get(copy);
        return copy;
    }

    /**
     * Writes the matrix into its slot, in the slot's own dtype.
     *
     * @return the CRC-32 of the slot's bytes; empty when a finite element leaves the range of that dtype: nothing is written then
     */
    public OptionalLong write(int index, FloatMatrix content) throws IOException {
        bytes.clear().limit(staging.slots().get(index).bytes());
        boolean fits = dtype(index).write(content.values(), bytes, content.size()) == 0;
        return fits ? OptionalLong.of(store(index)) : OptionalLong.empty();
    }

    /** Writes bytes that {@link #readBytes} gave into that slot, and returns their CRC-32. */
    public long writeBytes(int index, byte[] content) throws IOException {
        bytes.clear().limit(content.length).put(0, content);
        return store(index);
    }

    private void fill(int index) throws IOException {
        if (onDevice(index).isPresent()) {
            onDevice(index).get().read(staging.slots().get(index), bytes);
        } else {
            staging.read(index, bytes);
        }
    }

    /** Writes what {@link #bytes} holds into the slot. */
    private long store(int index) throws IOException {
        if (onDevice(index).isEmpty()) {
            return staging.write(index, bytes);
        }
        onDevice(index).get().write(staging.slots().get(index), bytes);
        return StagingFile.crc32(bytes);
    }

    private Optional<DeviceSlots> onDevice(int index) {
        return index < tracked.size() ? device : Optional.empty();
    }

    /** The indexes of the tracked matrices of this role. */
    IntStream withRole(Hello.Role role) {
        return IntStream.range(0, tracked.size())
                .filter(index -> tracked.get(index).role() == role);
    }

    private Dtype dtype(int index) {
        return Dtype.valueOf(staging.slots().get(index).dtype().toUpperCase(Locale.ROOT));
    }
}
