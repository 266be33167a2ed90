package io.instabilityguard.sidecar.spectrum;

/** A device refused a call; the message is one line with the call and the device's own reason. */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Such as "cudaMalloc: out of memory". */
    public DeviceException(String message) {
        super(message);
    }
}
