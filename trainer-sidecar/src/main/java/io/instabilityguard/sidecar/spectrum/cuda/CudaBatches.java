package io.instabilityguard.sidecar.spectrum.cuda;

import static org.bytedeco.cuda.global.cublas.cublasSgemvBatched;
import static org.bytedeco.cuda.global.cudart.cudaFreeHost;
import static org.bytedeco.cuda.global.cudart.cudaHostAlloc;
import static org.bytedeco.cuda.global.cudart.cudaHostAllocDefault;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;

import io.instabilityguard.sidecar.spectrum.BatchedDevice;
import java.util.Arrays;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Many equal problems per launch on the stream of {@link CudaDevice}: products by cuBLAS over arrays of pointers, in float32 without
 * TF32, everything else by {@link CudaKernels} with a row of blocks for each member. <b>Not yet run on a GPU.</b>
 *
 * <p>What a call says of its members, addresses and factors, is written as columns of 8-byte cells into page-locked memory and copied to
 * the same place of a table on the device, both taken once. No cell is written again before the stream has been waited for, so
 * that neither a copy nor a kernel that is still queued sees another call's.
 */
final class CudaBatches implements BatchedDevice {
    private static final int MOST_COLUMNS = 3;
    /** Room for a few dozen calls between two that wait; then one waits more. */
    private static final int CELLS = 16 * MOST_COLUMNS * MOST_MEMBERS;

    private final CudaDevice device;
    private final CUstream_st stream;
    private final cublasContext blas;
    private final CudaKernels kernels;
    private final LongPointer cells;
    private final long table;
    private final long firstStage;
    private final long secondStage;
    private final DoublePointer sums = new DoublePointer(MOST_MEMBERS);
    private final FloatPointer one = new FloatPointer(1f);
    private final FloatPointer zero = new FloatPointer(0f);
    private int used;

    /** Shares everything with this device, which is open and outlives it. */
    CudaBatches(CudaDevice device, CUstream_st stream, cublasContext blas, CudaKernels kernels) {
        this.device = device;
        this.stream = stream;
        this.blas = blas;
        this.kernels = kernels;
        cells = pageLocked((long) CELLS * Long.BYTES);
        table = device.allocate((long) CELLS * Long.BYTES);
        firstStage = device.allocate((long) MOST_MEMBERS * CudaKernels.THREADS * Double.BYTES);
        secondStage = device.allocate((long) MOST_MEMBERS * CudaKernels.THREADS * Double.BYTES);
    }

    private static LongPointer pageLocked(long bytes) {
        try (PointerPointer<Pointer> address = new PointerPointer<>(1)) {
            Cuda.check("cudaHostAlloc", cudaHostAlloc(address, bytes, cudaHostAllocDefault));
            return new LongPointer(address.get(0));
        }
    }

    @Override
    public void gemv(Shape shape, long[] a, long[] x, long[] y) {
        long columns = upload(a, x, y);
        Cuda.checkBlas(
                "cublasSgemvBatched",
                cublasSgemvBatched(
                        blas,
                        Cuda.operation(shape.transposed()),
                        shape.rows(),
                        shape.columns(),
                        one,
                        Cuda.pointersAt(columns),
                        shape.rows(),
                        Cuda.pointersAt(column(columns, 1, a.length)),
                        1,
                        zero,
                        Cuda.pointersAt(column(columns, 2, a.length)),
                        1,
                        a.length));
    }

    @Override
    public void scale(double[] alpha, long[] x, long[] y, int n) {
        combine("scale_each", alpha, x, y, n);
    }

    @Override
    public void add(double[] alpha, long[] x, long[] y, int n) {
        combine("add_each", alpha, x, y, n);
    }

    private void combine(String kernel, double[] alpha, long[] x, long[] y, int n) {
        long[] factors =
                Arrays.stream(alpha).mapToLong(Double::doubleToRawLongBits).toArray();
        long columns = upload(factors, x, y);
        int members = x.length;
        kernels.launch(kernel, grid(n, members), n, columns, column(columns, 1, members), column(columns, 2, members));
    }

    @Override
    public double[] dot(long[] x, long[] y, int n) {
        long columns = upload(x, y);
        int members = x.length;
        CudaKernels.Grid grid = grid(n, members);
        kernels.launch("dot_each", grid, n, columns, column(columns, 1, members), firstStage);
        kernels.launch(
                "sum_stage",
                new CudaKernels.Grid(1, members),
                grid.blocks() * CudaKernels.THREADS,
                firstStage,
                secondStage);
        kernels.launch("total", CudaKernels.blocks(members, MOST_MEMBERS), members, secondStage, firstStage);
        long bytes = (long) members * Double.BYTES;
        Cuda.check(
                "cudaMemcpyAsync", cudaMemcpyAsync(sums, Cuda.at(firstStage), bytes, cudaMemcpyDeviceToHost, stream));
        waitForAll();
        double[] found = new double[members];
        sums.get(found);
        return found;
    }

    @Override
    public void widen(long[] from, long[] to, int n) {
        long columns = upload(from, to);
        kernels.launch("widen_each", grid(n, from.length), n, columns, column(columns, 1, from.length));
    }

    /** Blocks for every member, fewer the more members there are: the first stage of a sum has room for so many in all. */
    private static CudaKernels.Grid grid(int n, int members) {
        return new CudaKernels.Grid(CudaKernels.blocks(n, MOST_MEMBERS / members), members);
    }

    /** Copies columns of one cell per member to the device; returns where they lie, one after the other. */
    private long upload(long[]... columns) {
        Cuda.select();
        int members = columns[0].length;
        if (used + columns.length * members > CELLS) {
            waitForAll();
        }
        int first = used;
        for (long[] column : columns) {
            cells.getPointer(used).put(column, 0, members);
            used += members;
        }
        long to = column(table, 1, first);
        long bytes = (long) (used - first) * Long.BYTES;
        Cuda.check(
                "cudaMemcpyAsync",
                cudaMemcpyAsync(Cuda.at(to), cells.getPointer(first), bytes, cudaMemcpyHostToDevice, stream));
        return to;
    }

    private static long column(long first, int number, int members) {
        return first + (long) number * members * Long.BYTES;
    }

    private void waitForAll() {
        Cuda.check("cudaStreamSynchronize", cudaStreamSynchronize(stream));
        used = 0;
    }

    /** Gives back its memory; the stream must be idle. */
    void close() {
        device.free(table);
        device.free(firstStage);
        device.free(secondStage);
        Cuda.check("cudaFreeHost", cudaFreeHost(cells));
    }
}
