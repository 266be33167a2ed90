package io.instabilityguard.sidecar.spectrum;

/**
 * Elements in the memory of a {@link Device}.
 *
 * @param owner what keeps the memory; it goes back when no matrix refers to its owner any more
 * @param address of the first element, in the device's address space: only the device may follow it
 * @param capacity number of elements
 */
record DeviceMemory(Object owner, long address, int capacity) implements MatrixMemory {
    @Override
    public MatrixMemory from(int first) {
        return new DeviceMemory(owner, address + (long) first * Float.BYTES, capacity - first);
    }
}
