package io.instabilityguard.sidecar.spectrum;

import io.instabilityguard.sidecar.spectrum.Device.Operand;
import io.instabilityguard.sidecar.spectrum.Device.Product;
import java.util.Arrays;

/**
 * The batches of a {@link HostDevice}: its own primitives member by member, which check every access. Two members with one target, which
 * a device would write at once, arrays of different lengths and too many members are {@link AssertionError}s too.
 */
class HostBatches implements BatchedDevice {
    private final Device device;

    HostBatches(Device device) {
        this.device = device;
    }

    @Override
    public void gemv(Shape shape, long[] a, long[] x, long[] y) {
        check(y, a.length, x.length);
        int m = shape.transposed() ? shape.columns() : shape.rows();
        int n = shape.transposed() ? shape.rows() : shape.columns();
        for (int i = 0; i < y.length; i++) {
            Operand matrix = new Operand(a[i], shape.rows(), shape.transposed());
            device.gemm(new Product(m, 1, n, 1, 0), matrix, new Operand(x[i], n, false), new Operand(y[i], m, false));
        }
    }

    @Override
    public void scale(double[] alpha, long[] x, long[] y, int n) {
        check(y, alpha.length, x.length);
        for (int i = 0; i < y.length; i++) {
            device.scale(alpha[i], x[i], y[i], n);
        }
    }

    @Override
    public void add(double[] alpha, long[] x, long[] y, int n) {
        check(y, alpha.length, x.length);
        for (int i = 0; i < y.length; i++) {
            device.add(alpha[i], x[i], y[i], n);
        }
    }

    @Override
    public double[] dot(long[] x, long[] y, int n) {
        check(new long[0], 0, x.length - y.length);
        double[] sums = new double[x.length];
        for (int i = 0; i < y.length; i++) {
            sums[i] = device.dot(x[i], y[i], n);
        }
        return sums;
    }

    @Override
    public void widen(long[] from, long[] to, int n) {
        check(to, from.length, from.length);
        for (int i = 0; i < to.length; i++) {
            device.widen(from[i], to[i], n);
        }
    }

    private static void check(long[] targets, int one, int other) {
        long distinct = Arrays.stream(targets).distinct().count();
        if (distinct != targets.length || one != targets.length || other != targets.length) {
            throw new AssertionError("device misused: " + targets.length + " targets, " + distinct
                    + " of them distinct, " + one + " and " + other + " operands");
        }
        if (targets.length > MOST_MEMBERS) {
            throw new AssertionError("device misused: " + targets.length + " members");
        }
    }
}
