package io.instabilityguard.schemas;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Every version of every record that was ever released, by fingerprint: what today's code must still be able to read.
 *
 * <p>A version is a folder {@code released/<version>} of self-contained schemas; it never changes once released.
 */
final class ReleasedSchemas {
    /** Oldest first. */
    static final List<String> VERSIONS = List.of("v1", "v2", "v3");

    private static final Map<Long, Schema> BY_FINGERPRINT = load();

    private ReleasedSchemas() {}

    /** The schema with this CRC-64-AVRO fingerprint. */
    static Schema writtenBy(long fingerprint) {
        Schema schema = BY_FINGERPRINT.get(fingerprint);
        if (schema == null) {
            throw new SerializationException(
                    "no released schema has the fingerprint %016x; was it written by a newer version?"
                            .formatted(fingerprint));
        }
        return schema;
    }

    /** A record's schema as released in {@code version}; empty when that version did not have it. */
    static Optional<Schema> released(String version, String record) {
        String path = "/released/" + version + "/" + record + ".avsc";
        try (InputStream text = ReleasedSchemas.class.getResourceAsStream(path)) {
            return text == null ? Optional.empty() : Optional.of(new Schema.Parser().parse(text));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path, e);
        }
    }

    private static Map<Long, Schema> load() {
        Map<Long, Schema> schemas = new HashMap<>();
        for (Topic<?> topic : Topics.all()) {
            add(schemas, topic.schema());
            for (String version : VERSIONS) {
                released(version, topic.type().getSimpleName()).ifPresent(schema -> add(schemas, schema));
            }
        }
        return Map.copyOf(schemas);
    }

    private static void add(Map<Long, Schema> schemas, Schema schema) {
        schemas.putIfAbsent(SchemaNormalization.parsingFingerprint64(schema), schema);
    }
}
