package io.instabilityguard.evaluation.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.random.RandomGenerator;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Avro binary made after a schema: mostly well-formed, with values at the edges, and now and then a length that lies. */
final class AvroBytes {
    private static final double[] NUMBERS = {0, -0.0, 1, -1, 1e-320, 1e308, Double.NaN, Double.NEGATIVE_INFINITY};
    private static final long[] LIES = {-1, 1 << 20, Integer.MAX_VALUE, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 40};
    private static final int RARELY = 200;

    private final RandomGenerator random;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);

    private AvroBytes(RandomGenerator random) {
        this.random = random;
    }

    /** A record of this schema, without any header. */
    static byte[] of(Schema schema, RandomGenerator random) {
        AvroBytes all = new AvroBytes(random);
        try {
            all.write(schema);
            return all.bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A number as Avro writes it. */
    static byte[] variableLength(long number) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            EncoderFactory.get().directBinaryEncoder(bytes, null).writeLong(number);
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(Schema schema) throws IOException {
        switch (schema.getType()) {
            case RECORD -> writeFields(schema);
            case ARRAY -> writeItems(schema.getElementType(), false);
            case MAP -> writeItems(schema.getValueType(), true);
            case UNION -> writeBranch(schema);
            case ENUM -> encoder.writeEnum(among(schema.getEnumSymbols().size()));
            case STRING -> writeText();
            case BYTES -> encoder.writeBytes(ByteMutation.noise(random));
            case FIXED -> encoder.writeFixed(new byte[schema.getFixedSize()]);
            case INT -> encoder.writeInt(isRare() ? random.nextInt() : random.nextInt(100));
            case LONG -> encoder.writeLong(isRare() ? random.nextLong() : random.nextInt(1_000));
            case FLOAT -> encoder.writeFloat((float) number());
            case DOUBLE -> encoder.writeDouble(number());
            case BOOLEAN -> encoder.writeBoolean(random.nextBoolean());
            case NULL -> encoder.writeNull();
        }
    }

    private void writeFields(Schema record) throws IOException {
        for (Schema.Field field : record.getFields()) {
            write(field.schema());
        }
    }

    private void writeItems(Schema item, boolean named) throws IOException {
        int count = random.nextInt(4);
        if (count > 0) {
            encoder.writeLong(isRare() ? lie() : count);
            for (int i = 0; i < count; i++) {
                if (named) {
                    writeText();
                }
                write(item);
            }
        }
        encoder.writeLong(0);
    }

    private void writeBranch(Schema union) throws IOException {
        int branch = random.nextInt(union.getTypes().size());
        encoder.writeIndex(isRare() ? -branch - 1 : branch);
        write(union.getTypes().get(branch));
    }

    private void writeText() throws IOException {
        if (isRare()) {
            encoder.writeLong(lie());
        } else {
            encoder.writeString("x".repeat(random.nextInt(20)));
        }
    }

    private double number() {
        return random.nextBoolean() ? random.nextDouble() : NUMBERS[random.nextInt(NUMBERS.length)];
    }

    private int among(int count) {
        return isRare() ? random.nextInt(-2, count + 2) : random.nextInt(count);
    }

    private long lie() {
        return LIES[random.nextInt(LIES.length)];
    }

    private boolean isRare() {
        return random.nextInt(RARELY) == 0;
    }
}
