package io.instabilityguard.sidecar.frame;

import java.util.Base64;
import java.util.regex.Pattern;

/**
 * Memory of a GPU with the slots of the matrices at the same offsets as in the file, by CUDA's handles for other processes.
 *
 * @param memory base64 of the 64 bytes of its {@code cudaIpcMemHandle_t}
 * @param event base64 of the 64 bytes of the {@code cudaIpcEventHandle_t} that is recorded behind the hook's copies
 * @param bytes of the memory
 */
public record DeviceStaging(String memory, String event, long bytes) {
    /** 64 bytes in base64. */
    private static final Pattern HANDLE = Pattern.compile("[A-Za-z0-9+/]{86}==");

    /** Refuses what are no handles. */
    public DeviceStaging {
        Check.that(HANDLE.matcher(memory).matches(), "staging.device.memory", memory, "base64 of 64 bytes");
        Check.that(HANDLE.matcher(event).matches(), "staging.device.event", event, "base64 of 64 bytes");
        Check.that(bytes >= 1, "staging.device.bytes", bytes, "at least 1");
    }

    /** The 64 bytes of {@link #memory()}. */
    public byte[] memoryHandle() {
        return Base64.getDecoder().decode(memory);
    }

    /** The 64 bytes of {@link #event()}. */
    public byte[] eventHandle() {
        return Base64.getDecoder().decode(event);
    }
}
