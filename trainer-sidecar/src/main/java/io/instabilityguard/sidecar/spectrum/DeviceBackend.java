package io.instabilityguard.sidecar.spectrum;

import static io.instabilityguard.sidecar.spectrum.HostBackend.requireEqual;

import io.instabilityguard.sidecar.spectrum.Device.Operand;
import io.instabilityguard.sidecar.spectrum.Device.Product;

/**
 * The primitives of {@link MatrixBackend} over those of a {@link Device}: the algorithms of this package run on a GPU unchanged.
 *
 * <p><b>Row-major over column-major.</b> A row-major matrix of r × c is, read as it lies, the column-major matrix Aᵀ of c × r with leading
 * dimension c. So C = L R is asked for as Cᵀ = Rᵀ Lᵀ, operands swapped and none transposed; A v as (Aᵀ)ᵀ v.
 *
 * <p>Matrices from {@link #allocate} lie on the device and are used in place. Operands in host memory are allowed in every call
 * and are copied in, and out again when they are its target; {@link #resident} copies once for many calls. Decompositions are done by
 * the backend for host memory, on copies: matrices as small as weights gain nothing from a GPU there. Thread-safe: one call at a time.
 * Repeated calls on the same shapes allocate nothing on the device.
 */
public final class DeviceBackend implements MatrixBackend, AutoCloseable {
    private static final int FIRST = 0;
    private static final int SECOND = 1;
    private static final int TARGET = 2;
    private static final int OTHER_TARGET = 3;

    private final Device device;
    private final MatrixBackend host;
    private final DevicePool pool;
    private final DeviceTransfers transfers;
    private final DeviceBatches batches;
    private boolean closed;

    /**
     * Uses this device, which {@link #close} closes.
     *
     * @param host what decomposes, and computes on matrices that stay in host memory
     */
    public DeviceBackend(Device device, MatrixBackend host) {
        this.device = device;
        this.host = host;
        this.pool = new DevicePool(device);
        this.transfers = new DeviceTransfers(this, device, new Workspace(host));
        this.batches = new DeviceBatches(device.batched(), transfers);
    }

    @Override
    public String name() {
        return device.name() + "; decompositions by " + host.name();
    }

    @Override
    public MatrixBackend onHost() {
        return host;
    }

    @Override
    public synchronized FloatMatrix allocate(int rows, int columns) {
        long bytes = (long) rows * columns * Float.BYTES;
        checkOpen();
        if (bytes == 0) {
            return new FloatMatrix(rows, columns, new DeviceMemory(this, 0, 0));
        }
        DevicePool.Block block = pool.take(bytes);
        device.zero(block.address(), bytes);
        return new FloatMatrix(rows, columns, new DeviceMemory(block, block.address(), rows * columns));
    }

    @Override
    public synchronized FloatMatrix resident(FloatMatrix matrix, Workspace workspace, int number) {
        if (matrix.memory() instanceof DeviceMemory) {
            return matrix;
        }
        FloatMatrix copy = workspace.matrix(number, matrix.rows(), matrix.columns());
        transfers.copyIn(matrix.values(), copy);
        return copy;
    }

    @Override
    public synchronized void write(float[] values, FloatMatrix target) {
        requireEqual(values.length, target.size(), "elements");
        FloatMatrix copy = transfers.onHost(FIRST, target.rows(), target.columns());
        copy.values().put(0, values);
        transfers.copyIn(copy.values(), target);
    }

    @Override
    public synchronized float[] read(FloatMatrix source) {
        float[] values = new float[source.size()];
        transfers.onHost(source, FIRST).values().get(0, values);
        return values;
    }

    @Override
    public synchronized void scale(double alpha, FloatMatrix source, FloatMatrix target) {
        requireEqual(source.size(), target.size(), "elements");
        if (!source.isEmpty()) {
            FloatMatrix to = transfers.target(target, TARGET);
            device.scale(alpha, transfers.address(transfers.here(source, FIRST)), transfers.address(to), source.size());
            transfers.finish(to, target);
        }
    }

    @Override
    public synchronized void add(double alpha, FloatMatrix source, FloatMatrix target) {
        requireEqual(source.size(), target.size(), "elements");
        if (!source.isEmpty()) {
            FloatMatrix to = transfers.here(target, TARGET);
            device.add(alpha, transfers.address(transfers.here(source, FIRST)), transfers.address(to), source.size());
            transfers.finish(to, target);
        }
    }

    @Override
    public synchronized void addToDiagonal(double alpha, FloatMatrix square) {
        requireEqual(square.rows(), square.columns(), "rows and columns");
        if (!square.isEmpty()) {
            FloatMatrix to = transfers.here(square, TARGET);
            device.addToDiagonal(alpha, transfers.address(to), square.rows());
            transfers.finish(to, square);
        }
    }

    @Override
    public synchronized double dot(FloatMatrix x, FloatMatrix y) {
        requireEqual(x.size(), y.size(), "elements");
        return x.isEmpty()
                ? 0
                : device.dot(
                        transfers.address(transfers.here(x, FIRST)),
                        transfers.address(transfers.here(y, SECOND)),
                        x.size());
    }

    @Override
    public synchronized double largestMagnitude(FloatMatrix a) {
        return a.isEmpty() ? 0 : device.largestMagnitude(transfers.address(transfers.here(a, FIRST)), a.size());
    }

    @Override
    public synchronized double multiplyGram(
            FloatMatrix a, FloatMatrix v, FloatMatrix product, FloatMatrix gramProduct) {
        HostBackend.requireGramShapes(a, v, product, gramProduct);
        FloatMatrix image = transfers.target(product, TARGET);
        FloatMatrix gram = transfers.target(gramProduct, OTHER_TARGET);
        double sumOfSquares = 0;
        if (a.isEmpty()) {
            transfers.clear(image);
            transfers.clear(gram);
        } else {
            FloatMatrix here = transfers.here(a, FIRST);
            long x = transfers.address(transfers.here(v, SECOND));
            device.gemv(operand(here, true), a.columns(), a.rows(), x, transfers.address(image));
            device.gemv(operand(here, false), a.columns(), a.rows(), transfers.address(image), transfers.address(gram));
            sumOfSquares = device.dot(transfers.address(here), transfers.address(here), a.size());
        }
        transfers.finish(image, product);
        transfers.finish(gram, gramProduct);
        return sumOfSquares;
    }

    @Override
    public synchronized void multiply(
            double alpha, FloatMatrix left, FloatMatrix right, double beta, FloatMatrix target) {
        HostBackend.requireProductShapes(left, right, target);
        if (target.isEmpty()) {
            return;
        }
        FloatMatrix to = beta == 0 ? transfers.target(target, TARGET) : transfers.here(target, TARGET);
        if (left.columns() > 0) {
            Product product = new Product(target.columns(), target.rows(), left.columns(), (float) alpha, (float) beta);
            device.gemm(
                    product,
                    operand(transfers.here(right, SECOND), false),
                    operand(transfers.here(left, FIRST), false),
                    operand(to, false));
        } else if (beta == 0) {
            transfers.clear(to);
        } else {
            device.scale(beta, transfers.address(to), transfers.address(to), target.size());
        }
        transfers.finish(to, target);
    }

    @Override
    public synchronized void smallGram(FloatMatrix a, FloatMatrix target) {
        HostBackend.requireSmallSquare(a, target);
        if (target.isEmpty()) {
            return;
        }
        FloatMatrix here = transfers.here(a, FIRST);
        FloatMatrix to = transfers.target(target, TARGET);
        boolean wide = a.rows() <= a.columns();
        int n = a.smallSide();
        // As it lies A is Aᵀ: the Gram matrix A Aᵀ of a wide one is (Aᵀ)ᵀ Aᵀ. It is symmetric, so nothing else turns
        device.gemm(
                new Product(n, n, Math.max(a.rows(), a.columns()), 1, 0),
                operand(here, wide),
                operand(here, !wide),
                operand(to, false));
        transfers.finish(to, target);
    }

    @Override
    public synchronized boolean decompose(FloatMatrix a, FloatMatrix left, FloatMatrix values, FloatMatrix right) {
        HostBackend.requireReducedShapes(a, left, values, right);
        FloatMatrix u = transfers.onHost(SECOND, a.rows(), a.smallSide());
        FloatMatrix s = transfers.onHost(TARGET, a.smallSide(), 1);
        FloatMatrix vt = transfers.onHost(OTHER_TARGET, a.smallSide(), a.columns());
        boolean converged = host.decompose(transfers.onHost(a, FIRST), u, s, vt);
        transfers.copyIn(u.values(), left);
        transfers.copyIn(s.values(), values);
        transfers.copyIn(vt.values(), right);
        return converged;
    }

    @Override
    public synchronized boolean singularValues(FloatMatrix a, FloatMatrix values) {
        requireEqual(a.smallSide(), values.size(), "small side and singular values");
        FloatMatrix s = transfers.onHost(TARGET, a.smallSide(), 1);
        boolean converged = host.singularValues(transfers.onHost(a, FIRST), s);
        transfers.copyIn(s.values(), values);
        return converged;
    }

    @Override
    public int batchSize(long bytesEach) {
        return DeviceBatches.size(bytesEach);
    }

    @Override
    public synchronized void scaleEach(double[] alphas, FloatMatrix[] sources, FloatMatrix[] targets) {
        if (!batches.scale(alphas, sources, targets)) {
            MatrixBackend.super.scaleEach(alphas, sources, targets);
        }
    }

    @Override
    public synchronized void addEach(double[] alphas, FloatMatrix[] sources, FloatMatrix[] targets) {
        if (!batches.add(alphas, sources, targets)) {
            MatrixBackend.super.addEach(alphas, sources, targets);
        }
    }

    @Override
    public synchronized void dotEach(FloatMatrix[] xs, FloatMatrix[] ys, double[] sums) {
        if (!batches.dot(xs, ys, sums)) {
            MatrixBackend.super.dotEach(xs, ys, sums);
        }
    }

    @Override
    public synchronized void multiplyGramEach(
            FloatMatrix[] as,
            FloatMatrix[] vs,
            FloatMatrix[] products,
            FloatMatrix[] gramProducts,
            double[] sumsOfSquares) {
        if (!batches.multiplyGram(as, vs, products, gramProducts, sumsOfSquares)) {
            MatrixBackend.super.multiplyGramEach(as, vs, products, gramProducts, sumsOfSquares);
        }
    }

    /**
     * Memory of the trainer on this device, to be closed before this backend.
     *
     * @param memory 64 bytes of its {@code cudaIpcMemHandle_t}
     * @param event 64 bytes of the {@code cudaIpcEventHandle_t} that says when it is filled
     * @param bytes how much of it there is
     */
    public synchronized DeviceWindow open(byte[] memory, byte[] event, long bytes) {
        return DeviceWindow.open(this, device, memory, event, bytes);
    }

    /** Gives all device memory back; using a matrix of this backend is an {@link IllegalStateException} from now on. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            pool.close();
            device.close();
        }
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the device is closed");
        }
    }

    private Operand operand(FloatMatrix rowMajor, boolean transposed) {
        return new Operand(transfers.address(rowMajor), rowMajor.columns(), transposed);
    }
}
