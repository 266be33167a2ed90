package io.instabilityguard.sidecar.spectrum;

/** Where the elements of a {@link FloatMatrix} lie, one after the other. */
sealed interface MatrixMemory permits HostMemory, DeviceMemory {
    /** How many elements there are. */
    int capacity();

    /** The elements from {@code first} on, in the same memory. */
    MatrixMemory from(int first);
}
