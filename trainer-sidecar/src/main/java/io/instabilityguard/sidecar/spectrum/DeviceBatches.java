package io.instabilityguard.sidecar.spectrum;

import io.instabilityguard.sidecar.spectrum.BatchedDevice.Shape;
import java.util.Arrays;

/**
 * The primitives of {@link DeviceBackend} for many matrices at once: one call of the device for up to {@value
 * BatchedDevice#MOST_MEMBERS} of them. Served are arrays of equal lengths, more than one, and fitting shapes, with everything on the
 * device. What is not served is left as it is for the calls one by one, which copy, check and refuse; one matrix alone is also faster
 * without a table of addresses.
 */
final class DeviceBatches {
    /** Work memory that the members of a batch may need together. */
    private static final long MOST_BYTES = 128L << 20;

    private final BatchedDevice device;
    private final DeviceTransfers transfers;

    DeviceBatches(BatchedDevice device, DeviceTransfers transfers) {
        this.device = device;
        this.transfers = transfers;
    }

    static int size(long bytesEach) {
        return (int) Math.max(1, Math.min(BatchedDevice.MOST_MEMBERS, MOST_BYTES / Math.max(1, bytesEach)));
    }

    /** False when not served; so are all below. */
    boolean scale(double[] alphas, FloatMatrix[] sources, FloatMatrix[] targets) {
        return combine(device::scale, alphas, sources, targets);
    }

    boolean add(double[] alphas, FloatMatrix[] sources, FloatMatrix[] targets) {
        return combine(device::add, alphas, sources, targets);
    }

    private interface Combination {
        void call(double[] alphas, long[] sources, long[] targets, int n);
    }

    private boolean combine(Combination call, double[] alphas, FloatMatrix[] sources, FloatMatrix[] targets) {
        int n = sizeOfPairs(sources, targets);
        return n > 0
                && inParts(
                        sources.length,
                        (from, to) -> call.call(
                                Arrays.copyOfRange(alphas, from, to),
                                part(sources, from, to),
                                part(targets, from, to),
                                n));
    }

    boolean dot(FloatMatrix[] xs, FloatMatrix[] ys, double[] sums) {
        int n = sizeOfPairs(xs, ys);
        return n > 0
                && inParts(xs.length, (from, to) -> {
                    double[] found = device.dot(part(xs, from, to), part(ys, from, to), n);
                    System.arraycopy(found, 0, sums, from, found.length);
                });
    }

    boolean multiplyGram(
            FloatMatrix[] as,
            FloatMatrix[] vs,
            FloatMatrix[] products,
            FloatMatrix[] gramProducts,
            double[] sumsOfSquares) {
        if (sizeOfPairs(as, as) == 0
                || sizeOfPairs(vs, gramProducts) != as[0].columns()
                || sizeOfPairs(products, products) != as[0].rows()
                || vs.length != as.length
                || products.length != as.length) {
            return false;
        }
        // As it lies a row-major A is the column-major Aᵀ: its product needs the transposition and that of Aᵀ does not
        multiply(as, true, vs, products);
        multiply(as, false, products, gramProducts);
        return dot(as, as, sumsOfSquares);
    }

    private void multiply(FloatMatrix[] as, boolean transposed, FloatMatrix[] xs, FloatMatrix[] targets) {
        Shape shape = new Shape(as[0].columns(), as[0].rows(), transposed);
        inParts(
                as.length,
                (from, to) -> device.gemv(shape, part(as, from, to), part(xs, from, to), part(targets, from, to)));
    }

    /** Elements of every matrix of both arrays; 0 when they are not served. */
    private static int sizeOfPairs(FloatMatrix[] ones, FloatMatrix[] others) {
        boolean served = ones.length > 1
                && ones.length == others.length
                && areAlikeOnDevice(ones)
                && areAlikeOnDevice(others)
                && ones[0].size() == others[0].size();
        return served ? ones[0].size() : 0;
    }

    private static boolean areAlikeOnDevice(FloatMatrix[] matrices) {
        FloatMatrix like = matrices[0];
        return Arrays.stream(matrices)
                .allMatch(matrix -> matrix.memory() instanceof DeviceMemory
                        && matrix.rows() == like.rows()
                        && matrix.columns() == like.columns());
    }

    private interface Part {
        void call(int from, int to);
    }

    private static boolean inParts(int count, Part part) {
        for (int from = 0; from < count; from += BatchedDevice.MOST_MEMBERS) {
            part.call(from, Math.min(count, from + BatchedDevice.MOST_MEMBERS));
        }
        return true;
    }

    private long[] part(FloatMatrix[] matrices, int from, int to) {
        return Arrays.stream(matrices, from, to).mapToLong(transfers::address).toArray();
    }
}
