package io.instabilityguard.sidecar.spectrum;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * Element types of staged weights and their conversion to and from float32, round to nearest even. Subnormals and infinities are
 * kept; a NaN stays a NaN. Bytes are read and written in the order that the given {@link ByteBuffer} is set to.
 */
public enum Dtype {
    FLOAT32(4, 0x1p-24) {
        @Override
        double get(ByteBuffer bytes, int at) {
            return bytes.getFloat(at);
        }

        @Override
        void put(float value, ByteBuffer bytes, int at) {
            bytes.putFloat(at, value);
        }
    },
    FLOAT64(8, 0x1p-53) {
        @Override
        double get(ByteBuffer bytes, int at) {
            return bytes.getDouble(at);
        }

        @Override
        void put(float value, ByteBuffer bytes, int at) {
            bytes.putDouble(at, value);
        }
    },
    BFLOAT16(2, 0x1p-8) {
        @Override
        double get(ByteBuffer bytes, int at) {
            return Float.intBitsToFloat(bytes.getShort(at) << 16);
        }

        @Override
        void put(float value, ByteBuffer bytes, int at) {
            bytes.putShort(at, toBfloat16(Float.floatToIntBits(value)));
        }
    },
    FLOAT16(2, 0x1p-11) {
        @Override
        double get(ByteBuffer bytes, int at) {
            return fromFloat16(bytes.getShort(at));
        }

        @Override
        void put(float value, ByteBuffer bytes, int at) {
            bytes.putShort(at, toFloat16(value));
        }
    };

    /** float32's exponent bias less float16's. */
    private static final int EXPONENT_SHIFT = 127 - 15;

    private static final int INFINITY = 0x7f800000;
    /** 65520: the middle between float16's largest number and the next, which would be infinity. */
    private static final int FLOAT16_OVERFLOW = 0x477ff000;
    /** 2⁻¹⁴. */
    private static final int FLOAT16_SMALLEST_NORMAL = 0x38800000;

    private final int itemsize;
    private final double unitRoundoff;

    Dtype(int itemsize, double unitRoundoff) {
        this.itemsize = itemsize;
        this.unitRoundoff = unitRoundoff;
    }

    /** Bytes of one element. */
    public int itemsize() {
        return itemsize;
    }

    /** Largest relative error of rounding to this type: 2⁻²⁴ for float32. */
    public double unitRoundoff() {
        return unitRoundoff;
    }

    /**
     * Converts {@code count} elements at {@code source}'s position into elements 0 … count − 1 of {@code target}. Positions stay.
     *
     * @return how many finite elements became infinite (only float64's can)
     */
    public int read(ByteBuffer source, FloatBuffer target, int count) {
        int overflows = 0;
        for (int i = 0, at = source.position(); i < count; i++, at += itemsize) {
            double value = get(source, at);
            target.put(i, (float) value);
            overflows += overflowed(value, (float) value);
        }
        return overflows;
    }

    /**
     * Converts elements 0 … count − 1 of {@code source} into bytes at {@code target}'s position. Positions stay.
     *
     * @return how many finite elements became infinite (only float16 and bfloat16 can)
     */
    public int write(FloatBuffer source, ByteBuffer target, int count) {
        int overflows = 0;
        for (int i = 0, at = target.position(); i < count; i++, at += itemsize) {
            float value = source.get(i);
            put(value, target, at);
            overflows += overflowed(value, get(target, at));
        }
        return overflows;
    }

    abstract double get(ByteBuffer bytes, int at);

    abstract void put(float value, ByteBuffer bytes, int at);

    private static int overflowed(double before, double after) {
        return Double.isInfinite(after) && !Double.isInfinite(before) ? 1 : 0;
    }

    private static short toBfloat16(int bits) {
        if ((bits & ~Integer.MIN_VALUE) > INFINITY) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    private static short toFloat16(float value) {
        int bits = Float.floatToIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & ~Integer.MIN_VALUE;
        if (magnitude > INFINITY) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude >= FLOAT16_OVERFLOW) {
            return (short) (sign | 0x7c00);
        }
        if (magnitude < FLOAT16_SMALLEST_NORMAL) {
            return (short) (sign | (int) Math.rint(Math.abs((double) value) * 0x1p24));
        }
        int rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
        return (short) (sign | ((rounded >>> 13) - (EXPONENT_SHIFT << 10)));
    }

    private static float fromFloat16(short half) {
        int exponent = (half >>> 10) & 0x1f;
        int fraction = half & 0x3ff;
        float magnitude = switch (exponent) {
            case 0 -> fraction * 0x1p-24f;
            case 0x1f -> Float.intBitsToFloat(INFINITY | (fraction << 13));
            default -> Float.intBitsToFloat(((exponent + EXPONENT_SHIFT) << 23) | (fraction << 13));
        };
        return half < 0 ? -magnitude : magnitude;
    }
}
