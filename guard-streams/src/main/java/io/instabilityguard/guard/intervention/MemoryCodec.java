package io.instabilityguard.guard.intervention;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.guard.lease.Lease;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A {@link RunMemory}, a {@link ShadowMemory} or a {@link Lease} as JSON: readable, and a later version with more fields reads an older one's. */
final class MemoryCodec {

    private static final ObjectMapper JSON =
            new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

    private MemoryCodec() {}

    static byte[] encode(RunMemory memory) {
        return bytes(memory);
    }

    static byte[] encode(Lease lease) {
        return bytes(lease);
    }

    static byte[] encode(ShadowMemory memory) {
        return bytes(memory);
    }

    static ShadowMemory decodeShadow(byte[] bytes) {
        return read(bytes, ShadowMemory.class);
    }

    static RunMemory decode(byte[] bytes) {
        return read(bytes, RunMemory.class);
    }

    static Lease decodeLease(byte[] bytes) {
        return read(bytes, Lease.class);
    }

    private static byte[] bytes(Object memory) {
        try {
            return JSON.writeValueAsBytes(memory);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of numbers and texts can be written", e);
        }
    }

    private static <T> T read(byte[] bytes, Class<T> type) {
        try {
            return JSON.readValue(bytes, type);
        } catch (IOException e) {
            throw new UncheckedIOException("a memory in the store is torn", e);
        }
    }
}
