package io.instabilityguard.guard.recording;

/**
 * A header of a record.
 *
 * @param name its key
 * @param value its bytes; empty for none
 */
@SuppressWarnings("ArrayRecordComponent") // bytes of somebody else, compared by nobody
public record RecordedHeader(String name, byte[] value) {}
