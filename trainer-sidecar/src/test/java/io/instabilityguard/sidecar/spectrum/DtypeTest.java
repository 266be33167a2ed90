package io.instabilityguard.sidecar.spectrum;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DtypeTest {
    private static final int INFINITE_BFLOAT16 = 0x7f80;
    private static final int INFINITE_FLOAT16 = 0x7c00;

    private final ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);

    @ParameterizedTest
    @CsvSource({"FLOAT32,4", "FLOAT64,8", "BFLOAT16,2", "FLOAT16,2"})
    void shouldKnowItsSize(Dtype dtype, int itemsize) {
        assertThat(dtype.itemsize()).isEqualTo(itemsize);
    }

    @ParameterizedTest
    @EnumSource(
            value = Dtype.class,
            names = {"BFLOAT16", "FLOAT16"})
    void shouldBringEverySixteenBitPatternBack(Dtype dtype) {
        for (int pattern = 0; pattern < 1 << 16; pattern++) {
            float value = decoded(dtype, pattern);
            if (Float.isNaN(value)) {
                assertThat(decoded(dtype, encoded(dtype, value))).isNaN();
            } else {
                assertThat(encoded(dtype, value)).isEqualTo(pattern);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"BFLOAT16," + INFINITE_BFLOAT16, "FLOAT16," + INFINITE_FLOAT16})
    void shouldRoundToNearestEvenBetweenAllNeighbours(Dtype dtype, int infinite) {
        for (int pattern = 0; pattern < infinite - 1; pattern++) {
            float middle = (float) ((0.5 * decoded(dtype, pattern)) + (0.5 * decoded(dtype, pattern + 1)));
            int even = pattern % 2 == 0 ? pattern : pattern + 1;
            if (middle == decoded(dtype, pattern) || middle == decoded(dtype, pattern + 1)) {
                continue; // bfloat16's smallest subnormals lie next to each other in float32 too
            }
            assertThat(encoded(dtype, middle)).isEqualTo(even);
            assertThat(encoded(dtype, Math.nextUp(middle))).isEqualTo(pattern + 1);
            assertThat(encoded(dtype, Math.nextDown(middle))).isEqualTo(pattern);
            assertThat(encoded(dtype, -middle)).isEqualTo(even | 0x8000);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "FLOAT16,1.0,15360",
        "FLOAT16,-2.0,49152",
        "FLOAT16,65504,31743",
        "FLOAT16,5.9604645e-8,1",
        "FLOAT16,0.333251953125,13653",
        "BFLOAT16,1.0,16256",
        "BFLOAT16,-0.0,32768",
        "BFLOAT16,3.140625,16457"
    })
    void shouldUseTheStandardBits(Dtype dtype, float value, int pattern) {
        assertThat(encoded(dtype, value)).isEqualTo(pattern);
        assertThat(decoded(dtype, pattern)).isEqualTo(value);
    }

    @ParameterizedTest
    @EnumSource(Dtype.class)
    void shouldKeepInfinityNanAndSignedZeroWithoutCallingThemOverflows(Dtype dtype) {
        FloatBuffer source = FloatBuffer.wrap(
                new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, -0.0f, 1.5f});
        FloatBuffer target = FloatBuffer.allocate(5);
        assertThat(dtype.write(source, bytes, 5)).isZero();
        assertThat(dtype.read(bytes, target, 5)).isZero();
        assertThat(target.array())
                .containsExactly(Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, -0.0f, 1.5f);
    }

    @Test
    void shouldCountOverflows() {
        FloatBuffer huge = FloatBuffer.wrap(new float[] {65519.9f, 65520, -1e38f, Float.MAX_VALUE});
        assertThat(Dtype.FLOAT16.write(huge, bytes, 4)).isEqualTo(3);
        assertThat(Dtype.BFLOAT16.write(huge, bytes, 4)).isEqualTo(1);
        assertThat(Dtype.FLOAT32.write(huge, bytes, 4)).isZero();
        assertThat(Dtype.FLOAT64.write(huge, bytes, 4)).isZero();
        bytes.putDouble(0, 1e39);
        bytes.putDouble(8, Double.POSITIVE_INFINITY);
        assertThat(Dtype.FLOAT64.read(bytes, FloatBuffer.allocate(2), 2)).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(Dtype.class)
    void shouldStartAtTheBytesPositionAndLeaveItThere(Dtype dtype) {
        bytes.position(16);
        dtype.write(FloatBuffer.wrap(new float[] {2, 3}), bytes, 2);
        FloatBuffer target = FloatBuffer.allocate(2);
        dtype.read(bytes, target, 2);
        assertThat(target.array()).containsExactly(2, 3);
        assertThat(bytes.position()).isEqualTo(16);
        assertThat(bytes.getLong(0)).isZero();
    }

    private int encoded(Dtype dtype, float value) {
        dtype.write(FloatBuffer.wrap(new float[] {value}), bytes, 1);
        return bytes.getShort(0) & 0xffff;
    }

    private float decoded(Dtype dtype, int pattern) {
        bytes.putShort(0, (short) pattern);
        FloatBuffer target = FloatBuffer.allocate(1);
        dtype.read(bytes, target, 1);
        return target.get(0);
    }
}
