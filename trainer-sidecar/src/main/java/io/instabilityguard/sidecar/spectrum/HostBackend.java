package io.instabilityguard.sidecar.spectrum;

import java.nio.FloatBuffer;

/** The primitives that plain Java does well enough for every backend whose memory is the host's. */
abstract class HostBackend implements MatrixBackend {

    @Override
    public FloatMatrix allocate(int rows, int columns) {
        return FloatMatrix.zeros(rows, columns);
    }

    @Override
    public void write(float[] values, FloatMatrix target) {
        requireEqual(values.length, target.size(), "elements");
        target.values().put(0, values);
    }

    @Override
    public float[] read(FloatMatrix source) {
        float[] values = new float[source.size()];
        source.values().get(0, values);
        return values;
    }

    @Override
    public void scale(double alpha, FloatMatrix source, FloatMatrix target) {
        requireEqual(source.size(), target.size(), "elements");
        FloatBuffer from = source.values();
        FloatBuffer to = target.values();
        for (int i = 0, n = source.size(); i < n; i++) {
            to.put(i, (float) (alpha * from.get(i)));
        }
    }

    @Override
    public void add(double alpha, FloatMatrix source, FloatMatrix target) {
        requireEqual(source.size(), target.size(), "elements");
        FloatBuffer from = source.values();
        FloatBuffer to = target.values();
        for (int i = 0, n = source.size(); i < n; i++) {
            to.put(i, (float) (to.get(i) + alpha * from.get(i)));
        }
    }

    @Override
    public void addToDiagonal(double alpha, FloatMatrix square) {
        requireEqual(square.rows(), square.columns(), "rows and columns");
        FloatBuffer values = square.values();
        for (int i = 0, n = square.rows(); i < n; i++) {
            int diagonal = i * n + i;
            values.put(diagonal, (float) (values.get(diagonal) + alpha));
        }
    }

    @Override
    public double dot(FloatMatrix x, FloatMatrix y) {
        requireEqual(x.size(), y.size(), "elements");
        return dot(x.values(), 0, y.values(), x.size());
    }

    /** Four running sums, so that one addition need not wait for the last. */
    static double dot(FloatBuffer x, int offset, FloatBuffer y, int n) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) {
            a += (double) x.get(offset + i) * y.get(i);
            b += (double) x.get(offset + i + 1) * y.get(i + 1);
            c += (double) x.get(offset + i + 2) * y.get(i + 2);
            d += (double) x.get(offset + i + 3) * y.get(i + 3);
        }
        for (; i < n; i++) {
            a += (double) x.get(offset + i) * y.get(i);
        }
        return a + b + (c + d);
    }

    @Override
    public double largestMagnitude(FloatMatrix a) {
        FloatBuffer values = a.values();
        float largest = 0;
        for (int i = 0, n = a.size(); i < n; i++) {
            largest = Math.max(largest, Math.abs(values.get(i)));
        }
        return largest;
    }

    static void requireGramShapes(FloatMatrix a, FloatMatrix v, FloatMatrix product, FloatMatrix gramProduct) {
        requireEqual(v.size(), a.columns(), "columns and elements of v");
        requireEqual(product.size(), a.rows(), "rows and elements of the product");
        requireEqual(gramProduct.size(), a.columns(), "columns and elements of the Gram product");
    }

    static void requireProductShapes(FloatMatrix left, FloatMatrix right, FloatMatrix target) {
        requireEqual(left.columns(), right.rows(), "inner sides of a product");
        requireEqual(left.rows(), target.rows(), "rows of a product");
        requireEqual(right.columns(), target.columns(), "columns of a product");
    }

    static void requireSmallSquare(FloatMatrix a, FloatMatrix target) {
        requireEqual(a.smallSide(), target.rows(), "small side and rows of the Gram matrix");
        requireEqual(a.smallSide(), target.columns(), "small side and columns of the Gram matrix");
    }

    static void requireReducedShapes(FloatMatrix a, FloatMatrix left, FloatMatrix values, FloatMatrix right) {
        requireEqual(a.smallSide(), values.size(), "small side and singular values");
        requireEqual(a.rows() * a.smallSide(), left.size(), "elements of the left vectors");
        requireEqual(a.smallSide() * a.columns(), right.size(), "elements of the right vectors");
    }

    /** As many of the one as of the other, and one shape within each. */
    static void requireEqualBatches(FloatMatrix[] ones, FloatMatrix[] others) {
        requireEqual(ones.length, others.length, "matrices of two batches");
        requireOneShape(ones);
        requireOneShape(others);
    }

    static void requireOneShape(FloatMatrix[] matrices) {
        for (int i = 1; i < matrices.length; i++) {
            requireEqual(matrices[i].rows(), matrices[0].rows(), "rows of the matrices of a batch");
            requireEqual(matrices[i].columns(), matrices[0].columns(), "columns of the matrices of a batch");
        }
    }

    static void requireEqual(int one, int other, String what) {
        if (one != other) {
            throw new IllegalArgumentException(what + " must agree: " + one + " and " + other);
        }
    }
}
