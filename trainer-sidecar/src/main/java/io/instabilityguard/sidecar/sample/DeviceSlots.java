package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.DeviceStaging;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.StagingSlot;
import io.instabilityguard.sidecar.spectrum.DeviceBackend;
import io.instabilityguard.sidecar.spectrum.DeviceWindow;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.Workspace;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * The slots of the tracked matrices in the trainer's own device memory, at the offsets that they have in the staging file. Float32 is
 * measured where it lies, bfloat16 is widened on the device, other types and all repairs go through the host. Used by the thread of
 * one session's numerics, but for {@link #close}.
 */
public final class DeviceSlots implements AutoCloseable {
    private final DeviceWindow window;
    private final Workspace workspace;

    private DeviceSlots(DeviceWindow window, Workspace workspace) {
        this.window = window;
        this.workspace = workspace;
    }

    /**
     * What became of the offer in a HELLO.
     *
     * @param slots open, when the offer was accepted
     * @param reason why not; empty when accepted or when nothing was offered
     */
    public record Answer(Optional<DeviceSlots> slots, String reason) {
        private static Answer declined(String reason) {
            return new Answer(Optional.empty(), reason);
        }
    }

    /** Opens what this HELLO offers, if it offers anything and can be opened by this backend. */
    public static Answer of(Hello hello, MatrixBackend backend) {
        DeviceStaging offer = hello.staging().device();
        if (offer == null) {
            return Answer.declined("");
        }
        if (!(backend instanceof DeviceBackend device)) {
            return Answer.declined("its numerics run on " + backend.name() + ": set numerics.backend to cuda");
        }
        if (end(hello.matrices()) > offer.bytes()) {
            return Answer.declined(
                    "staging.device.bytes is " + offer.bytes() + ", but the slots end at " + end(hello.matrices()));
        }
        try {
            DeviceWindow window = device.open(offer.memoryHandle(), offer.eventHandle(), offer.bytes());
            return new Answer(Optional.of(new DeviceSlots(window, new Workspace(device))), "");
        } catch (RuntimeException e) {
            return Answer.declined(String.valueOf(e.getMessage()));
        }
    }

    private static long end(List<Hello.Matrix> matrices) {
        return matrices.stream()
                .map(Hello.Matrix::slot)
                .mapToLong(slot -> slot.offset() + slot.bytes())
                .max()
                .orElse(0);
    }

    /** True for the types whose matrices the numerics reach on the device. */
    static boolean reaches(StagingSlot slot) {
        return isInPlace(slot) || slot.dtype().equals("bfloat16");
    }

    /** True for the type that is measured where it lies, without a copy. */
    static boolean isInPlace(StagingSlot slot) {
        return slot.dtype().equals("float32");
    }

    /** The matrices of these slots of one shape and one type that {@link #reaches}, on the device, valid until the next call. */
    List<FloatMatrix> resident(List<StagingSlot> slots) {
        window.await();
        if (isInPlace(slots.get(0))) {
            return slots.stream()
                    .map(slot -> window.float32(slot.offset(), slot.rows(), slot.columns()))
                    .toList();
        }
        FloatMatrix[] widened = new FloatMatrix[slots.size()];
        for (int i = 0; i < widened.length; i++) {
            widened[i] = workspace.matrix(i, slots.get(i).rows(), slots.get(i).columns());
        }
        window.widen(slots.stream().mapToLong(StagingSlot::offset).toArray(), widened);
        return List.of(widened);
    }

    /** Fills {@code target}, from its position 0, with the bytes of the slot. */
    void read(StagingSlot slot, ByteBuffer target) {
        window.await();
        window.read(slot.offset(), target.clear().limit(slot.bytes()));
    }

    /** Writes a direct buffer whose remaining bytes fill the slot; its position stays. */
    void write(StagingSlot slot, ByteBuffer content) {
        window.write(slot.offset(), content);
    }

    @Override
    public void close() {
        window.close();
    }
}
