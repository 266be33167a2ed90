package io.instabilityguard.guard.intervention;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A {@link RunMemory} as JSON: readable, and a later version with more fields reads an older one's. */
final class MemoryCodec {

    private static final ObjectMapper JSON =
            new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

    private MemoryCodec() {}

    static byte[] encode(RunMemory memory) {
        try {
            return JSON.writeValueAsBytes(memory);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of numbers and texts can be written", e);
        }
    }

    static RunMemory decode(byte[] bytes) {
        try {
            return JSON.readValue(bytes, RunMemory.class);
        } catch (IOException e) {
            throw new UncheckedIOException("a memory in the store is torn", e);
        }
    }
}
