package io.instabilityguard.guard.view.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;

/** Values as JSON. What is not a finite number is null there, since JSON has no word for it. */
final class Json {

    private static final ObjectMapper MAPPER = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .registerModule(new SimpleModule()
                    .addSerializer(double.class, new Numbers<>(Double.class))
                    .addSerializer(Double.class, new Numbers<>(Double.class))
                    .addSerializer(Float.class, new Numbers<>(Float.class))
                    .addSerializer(float[].class, new Floats()));

    private Json() {}

    /** A value, written. */
    static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer cannot be written as JSON", e);
        }
    }

    /** A value, read. Errors: {@link IOException} when it is not JSON of this form. */
    static <T> T read(byte[] json, Class<T> type) throws IOException {
        return MAPPER.readValue(json, type);
    }

    private static void write(double value, JsonGenerator out) throws IOException {
        if (Double.isFinite(value)) {
            out.writeNumber(value);
        } else {
            out.writeNull();
        }
    }

    private static void write(float value, JsonGenerator out) throws IOException {
        if (Float.isFinite(value)) {
            out.writeNumber(value);
        } else {
            out.writeNull();
        }
    }

    private static final class Numbers<N extends Number> extends StdSerializer<N> {

        private static final long serialVersionUID = 1;

        Numbers(Class<N> type) {
            super(type);
        }

        @Override
        public void serialize(N value, JsonGenerator out, SerializerProvider provider) throws IOException {
            if (value instanceof Float single) {
                write(single.floatValue(), out);
            } else {
                write(value.doubleValue(), out);
            }
        }
    }

    private static final class Floats extends StdSerializer<float[]> {

        private static final long serialVersionUID = 1;

        Floats() {
            super(float[].class);
        }

        @Override
        public void serialize(float[] values, JsonGenerator out, SerializerProvider provider) throws IOException {
            out.writeStartArray();
            for (float value : values) {
                write(value, out);
            }
            out.writeEndArray();
        }
    }
}
