package io.instabilityguard.sidecar.frame;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.stream.Collectors;

/**
 * Messages to and from the bytes of a frame: one JSON object with a {@code type}, or a {@link PlainStep}.
 *
 * <p>Strict on what is asked for (every field present, no null, no text for a number), lenient on what is not (unknown
 * fields are ignored). Non-finite numbers are the bare words {@code NaN}, {@code Infinity}, {@code -Infinity}.
 */
public final class MessageCodec {
    /** Largest message, bytes. */
    public static final int MAX_BYTES = 1 << 20;

    private static final int MAX_NESTING = 8;
    private static final int MAX_NUMBER_LENGTH = 64;
    private static final int MAX_NAME_LENGTH = 256;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_NESTING)
                            .maxNumberLength(MAX_NUMBER_LENGTH)
                            .maxNameLength(MAX_NAME_LENGTH)
                            .maxStringLength(MAX_BYTES)
                            .build())
                    .build())
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .annotationIntrospector(new RequiredUnlessSaid())
            .defaultSetterInfo(JsonSetter.Value.forValueNulls(Nulls.FAIL, Nulls.FAIL))
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final ObjectReader HOOK_READER = MAPPER.readerFor(HookMessage.class);
    private static final ObjectReader SIDECAR_READER = MAPPER.readerFor(SidecarMessage.class);
    private static final ObjectWriter HOOK_WRITER = MAPPER.writerFor(HookMessage.class);
    private static final ObjectWriter SIDECAR_WRITER = MAPPER.writerFor(SidecarMessage.class);

    private MessageCodec() {}

    /** What the hook said; the reason is one line when it is not a message of the protocol. */
    public static HookMessage decodeHook(byte[] message) throws ProtocolException {
        return PlainStep.isMeant(message) ? PlainStep.decode(message) : (HookMessage) decode(HOOK_READER, message);
    }

    /** What a sidecar said, as a hook would read it. */
    public static SidecarMessage decodeSidecar(byte[] json) throws ProtocolException {
        return (SidecarMessage) decode(SIDECAR_READER, json);
    }

    /** The bytes of a sidecar's message, without the length. */
    public static byte[] encode(SidecarMessage message) {
        return encode(SIDECAR_WRITER, message);
    }

    /** The bytes of a hook's message, without the length. */
    public static byte[] encode(HookMessage message) {
        return encode(HOOK_WRITER, message);
    }

    /** Every field must be there unless its annotation says otherwise. */
    private static final class RequiredUnlessSaid extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1L;

        @Override
        public Boolean hasRequiredMarker(AnnotatedMember member) {
            Boolean said = super.hasRequiredMarker(member);
            return said == null ? Boolean.TRUE : said;
        }
    }

    private static Object decode(ObjectReader reader, byte[] json) throws ProtocolException {
        try {
            Object message = reader.readValue(json);
            if (message == null) {
                throw new ProtocolException("not a message: null");
            }
            return message;
        } catch (IOException e) {
            throw new ProtocolException("not a message: " + reason(e));
        }
    }

    private static String reason(IOException e) {
        if (e instanceof ValueInstantiationException && e.getCause() instanceof IllegalArgumentException cause) {
            return String.valueOf(cause.getMessage());
        }
        if (e instanceof JsonMappingException mapping) {
            return path(mapping) + mapping.getOriginalMessage();
        }
        return e instanceof JsonProcessingException json ? json.getOriginalMessage() : String.valueOf(e.getMessage());
    }

    private static String path(JsonMappingException e) {
        String path = e.getPath().stream()
                .map(reference ->
                        reference.getFieldName() != null ? reference.getFieldName() : "[" + reference.getIndex() + "]")
                .collect(Collectors.joining("."));
        return path.isEmpty() ? "" : path + ": ";
    }

    private static byte[] encode(ObjectWriter writer, Object message) {
        try {
            return writer.writeValueAsBytes(message);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
