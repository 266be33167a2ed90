package io.instabilityguard.sidecar.spectrum;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Device memory of the trainer, opened by its IPC handle: weights are measured where they lie. The trainer owns the memory, and says
 * by messages when it may be touched; its event says when its own copies into it are done. Used by the thread of one session.
 */
public final class DeviceWindow implements AutoCloseable {
    private final DeviceBackend backend;
    private final Device device;
    private final long address;
    private final long event;
    private final long bytes;
    private boolean closed;

    private DeviceWindow(DeviceBackend backend, Device device, long address, long event, long bytes) {
        this.backend = backend;
        this.device = device;
        this.address = address;
        this.event = event;
        this.bytes = bytes;
    }

    static DeviceWindow open(DeviceBackend backend, Device device, byte[] memory, byte[] event, long bytes) {
        long address = device.openMemory(memory);
        try {
            return new DeviceWindow(backend, device, address, device.openEvent(event), bytes);
        } catch (DeviceException e) {
            device.closeMemory(address);
            throw e;
        }
    }

    /** Whatever is computed after this sees what the trainer had copied when it recorded its event last. */
    public void await() {
        synchronized (backend) {
            checkOpen();
            device.await(event);
        }
    }

    /** The float32 matrix at {@code offset}, a multiple of 4 bytes: the memory itself, no copy. */
    public FloatMatrix float32(long offset, int rows, int columns) {
        long at = at(offset, (long) rows * columns * Float.BYTES);
        return new FloatMatrix(rows, columns, new DeviceMemory(this, at, rows * columns));
    }

    /** Converts the bfloat16 matrices of one shape at these offsets into {@code targets}, which lie on the device; one call for all. */
    public void widen(long[] offsets, FloatMatrix[] targets) {
        HostBackend.requireEqual(offsets.length, targets.length, "offsets and targets");
        HostBackend.requireOneShape(targets);
        int n = targets[0].size();
        long[] from = Arrays.stream(offsets)
                .map(offset -> at(offset, (long) n * Short.BYTES))
                .toArray();
        long[] to = Arrays.stream(targets).mapToLong(DeviceWindow::address).toArray();
        synchronized (backend) {
            checkOpen();
            if (from.length == 1) {
                device.widen(from[0], to[0], n);
            } else {
                device.batched().widen(from, to, n);
            }
        }
    }

    private static long address(FloatMatrix target) {
        if (target.memory() instanceof DeviceMemory memory) {
            return memory.address();
        }
        throw new IllegalArgumentException("bfloat16 on the device widens into a matrix on the device");
    }

    /** Fills {@code target}, from its position to its limit, with the bytes at {@code offset}. */
    public void read(long offset, ByteBuffer target) {
        long from = at(offset, target.remaining());
        synchronized (backend) {
            checkOpen();
            device.copyOut(from, target, target.remaining());
        }
    }

    /** Writes the remaining bytes of a direct buffer, whose position stays, to {@code offset}. */
    public void write(long offset, ByteBuffer content) {
        long to = at(offset, content.remaining());
        synchronized (backend) {
            checkOpen();
            device.copyIn(content, to, content.remaining());
        }
    }

    private long at(long offset, long length) {
        if (offset < 0 || length > bytes - offset) {
            throw new IllegalArgumentException(
                    length + " bytes at " + offset + " leave the trainer's " + bytes + " bytes on the device");
        }
        return address + offset;
    }

    void checkOpen() {
        backend.checkOpen();
        if (closed) {
            throw new IllegalStateException("the trainer's device memory is closed");
        }
    }

    /** Lets go of the trainer's memory; a second time does nothing. */
    @Override
    public void close() {
        synchronized (backend) {
            if (!closed) {
                closed = true;
                backend.checkOpen();
                device.closeEvent(event);
                device.closeMemory(address);
            }
        }
    }
}
