package io.instabilityguard.schemas;

import org.apache.avro.Schema;

/** What precedes the Avro binary of a record and says which schema wrote it. Safe for many threads. */
interface Framing {
    /** The header of records that this process writes. */
    byte[] header();

    /** Bytes of every header. */
    int headerLength();

    /**
     * The schema that wrote {@code bytes}; always the same instance for the same schema.
     *
     * @param bytes at least {@link #headerLength} of them
     */
    Schema writerOf(byte[] bytes);
}
