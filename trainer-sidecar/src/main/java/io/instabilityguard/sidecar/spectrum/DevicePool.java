package io.instabilityguard.sidecar.spectrum;

import java.lang.ref.Cleaner;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Blocks of device memory that are used again. A block comes back when its {@link Block} is no longer referred to, and goes to the
 * next request of its size class; device memory is freed only when a request could not be met otherwise, and on close. Because all
 * calls of a device run in order, a block may be handed out while a call that was made before still uses it.
 *
 * <p>Not thread-safe, but for the way back.
 */
final class DevicePool implements AutoCloseable {
    private static final long ALIGNMENT = 512;
    private static final Cleaner CLEANER = Cleaner.create();

    private final Device device;
    private final Queue<Free> returned = new ConcurrentLinkedQueue<>();
    private final TreeMap<Long, Deque<Long>> free = new TreeMap<>();
    private final Set<Long> allocated = new HashSet<>();

    DevicePool(Device device) {
        this.device = device;
    }

    /** Owner of a block's memory. */
    static final class Block {
        private final long address;

        private Block(long address) {
            this.address = address;
        }

        long address() {
            return address;
        }
    }

    private record Free(long address, long bytes) {}

    /** A block of at least this many bytes, more than 0, with arbitrary content. */
    Block take(long bytes) {
        takeBack();
        long size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        Map.Entry<Long, Deque<Long>> fitting = free.ceilingEntry(size);
        boolean reuses = fitting != null && fitting.getKey() <= 2 * size;
        long actual = reuses ? fitting.getKey() : size;
        long address = reuses ? pop(fitting) : allocate(size);
        Block block = new Block(address);
        Queue<Free> home = returned;
        CLEANER.register(block, () -> home.add(new Free(address, actual)));
        return block;
    }

    private long pop(Map.Entry<Long, Deque<Long>> fitting) {
        long address = fitting.getValue().pop();
        if (fitting.getValue().isEmpty()) {
            free.remove(fitting.getKey());
        }
        return address;
    }

    private long allocate(long bytes) {
        long address;
        try {
            address = device.allocate(bytes);
        } catch (DeviceException e) {
            if (free.isEmpty()) {
                throw e;
            }
            freeUnused();
            address = device.allocate(bytes);
        }
        allocated.add(address);
        return address;
    }

    private void takeBack() {
        for (Free back = returned.poll(); back != null; back = returned.poll()) {
            free.computeIfAbsent(back.bytes(), size -> new ArrayDeque<>()).push(back.address());
        }
    }

    private void freeUnused() {
        free.values()
                .forEach(addresses -> addresses.forEach(address -> {
                    allocated.remove(address);
                    device.free(address);
                }));
        free.clear();
    }

    /** Frees everything, in use or not. */
    @Override
    public void close() {
        allocated.forEach(device::free);
        allocated.clear();
        free.clear();
    }
}
