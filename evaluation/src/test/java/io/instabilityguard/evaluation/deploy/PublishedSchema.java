package io.instabilityguard.evaluation.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.SpecVersionDetector;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;

/** A JSON schema as its makers publish it, kept among the resources; {@code README.md} there says where each is from. */
final class PublishedSchema {
    private final JsonSchema schema;

    private PublishedSchema(JsonSchema schema) {
        this.schema = schema;
    }

    static PublishedSchema of(String file) throws IOException {
        try (InputStream text = Objects.requireNonNull(PublishedSchema.class.getResourceAsStream(file), file)) {
            return of(new ObjectMapper().readTree(text));
        }
    }

    /** A schema that may have no {@code $schema} of its own: draft 7 then. */
    static PublishedSchema of(JsonNode tree) {
        VersionFlag version =
                SpecVersionDetector.detectOptionalVersion(tree, false).orElse(VersionFlag.V7);
        return new PublishedSchema(JsonSchemaFactory.getInstance(version).getSchema(tree));
    }

    /** What is wrong with a document, one line each. */
    List<String> problems(JsonNode document) {
        return schema.validate(document).stream().map(Object::toString).toList();
    }
}
