package io.instabilityguard.sidecar.spectrum.cuda;

import static org.bytedeco.cuda.global.cublas.cublasCreate_v2;
import static org.bytedeco.cuda.global.cublas.cublasDestroy_v2;
import static org.bytedeco.cuda.global.cublas.cublasSetStream_v2;
import static org.bytedeco.cuda.global.cublas.cublasSgemm_v2;
import static org.bytedeco.cuda.global.cublas.cublasSgemv_v2;
import static org.bytedeco.cuda.global.cudart.cudaEventDestroy;
import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaIpcCloseMemHandle;
import static org.bytedeco.cuda.global.cudart.cudaIpcMemLazyEnablePeerAccess;
import static org.bytedeco.cuda.global.cudart.cudaIpcOpenEventHandle;
import static org.bytedeco.cuda.global.cudart.cudaIpcOpenMemHandle;
import static org.bytedeco.cuda.global.cudart.cudaMalloc;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;
import static org.bytedeco.cuda.global.cudart.cudaMemsetAsync;
import static org.bytedeco.cuda.global.cudart.cudaStreamCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cudaStreamNonBlocking;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;
import static org.bytedeco.cuda.global.cudart.cudaStreamWaitEvent;

import io.instabilityguard.sidecar.spectrum.BatchedDevice;
import io.instabilityguard.sidecar.spectrum.Device;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudart.cudaIpcEventHandle_t;
import org.bytedeco.cuda.cudart.cudaIpcMemHandle_t;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * The first GPU: products by cuBLAS in float32 without TF32, everything else by {@link CudaKernels}, all on one stream of its own that
 * waits for no other. <b>Not yet run on a GPU</b>; see the package. Not thread-safe: {@link
 * io.instabilityguard.sidecar.spectrum.DeviceBackend} makes one call at a time.
 */
final class CudaDevice implements Device {
    private static final int HANDLE_BYTES = 64;
    /** Threads of the first stage of a reduction, each with one partial result. */
    private static final int PARTIALS = 1 << 16;

    private final String name;
    private final CUstream_st stream = new CUstream_st();
    private final cublasContext blas = new cublasContext();
    private final CudaKernels kernels;
    private final FloatPointer alpha = new FloatPointer(1);
    private final FloatPointer beta = new FloatPointer(1);
    private final DoublePointer partials = new DoublePointer(CudaKernels.THREADS);
    private final long firstStage;
    private final long secondStage;
    private final CudaBatches batches;

    /** Opens the device; throws {@link LinkageError} or {@link RuntimeException} where it cannot. */
    CudaDevice(String name, String kernelSource) {
        this.name = name;
        Cuda.select();
        Cuda.check("cudaStreamCreateWithFlags", cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking));
        Cuda.checkBlas("cublasCreate", cublasCreate_v2(blas));
        Cuda.checkBlas("cublasSetStream", cublasSetStream_v2(blas, stream));
        kernels = new CudaKernels(kernelSource, Cuda.ORDINAL, stream);
        firstStage = allocate((long) PARTIALS * Double.BYTES);
        secondStage = allocate((long) CudaKernels.THREADS * Double.BYTES);
        batches = new CudaBatches(this, stream, blas, kernels);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long allocate(long bytes) {
        Cuda.select();
        try (PointerPointer<Pointer> address = new PointerPointer<>(1)) {
            Cuda.check("cudaMalloc of " + bytes + " bytes", cudaMalloc(address, bytes));
            return address.get(0).address();
        }
    }

    @Override
    public void free(long address) {
        Cuda.select();
        Cuda.check("cudaFree", cudaFree(Cuda.at(address)));
    }

    @Override
    public void zero(long address, long bytes) {
        Cuda.select();
        Cuda.check("cudaMemsetAsync", cudaMemsetAsync(Cuda.at(address), 0, bytes, stream));
    }

    @Override
    public void copyIn(Buffer from, long to, long bytes) {
        copy(Cuda.at(to), pointer(from), bytes, cudaMemcpyHostToDevice);
    }

    @Override
    public void copyOut(long from, Buffer to, long bytes) {
        copy(pointer(to), Cuda.at(from), bytes, cudaMemcpyDeviceToHost);
    }

    private void copy(Pointer to, Pointer from, long bytes, int direction) {
        Cuda.select();
        Cuda.check("cudaMemcpyAsync", cudaMemcpyAsync(to, from, bytes, direction, stream));
        Cuda.check("cudaStreamSynchronize", cudaStreamSynchronize(stream));
    }

    /** To the buffer's position: JavaCPP adds it to the pointer's. */
    private static Pointer pointer(Buffer buffer) {
        return buffer instanceof FloatBuffer floats ? new FloatPointer(floats) : new BytePointer((ByteBuffer) buffer);
    }

    @Override
    public void gemm(Product product, Operand a, Operand b, Operand c) {
        Cuda.select();
        alpha.put(0, product.alpha());
        beta.put(0, product.beta());
        Cuda.checkBlas(
                "cublasSgemm",
                cublasSgemm_v2(
                        blas,
                        Cuda.operation(a.transposed()),
                        Cuda.operation(b.transposed()),
                        product.m(),
                        product.n(),
                        product.k(),
                        alpha,
                        Cuda.at(a.address()),
                        a.leading(),
                        Cuda.at(b.address()),
                        b.leading(),
                        beta,
                        Cuda.at(c.address()),
                        c.leading()));
    }

    @Override
    public void gemv(Operand a, int rows, int columns, long x, long y) {
        Cuda.select();
        alpha.put(0, 1);
        beta.put(0, 0);
        Cuda.checkBlas(
                "cublasSgemv",
                cublasSgemv_v2(
                        blas,
                        Cuda.operation(a.transposed()),
                        rows,
                        columns,
                        alpha,
                        Cuda.at(a.address()),
                        a.leading(),
                        Cuda.at(x),
                        1,
                        beta,
                        Cuda.at(y),
                        1));
    }

    @Override
    public void scale(double factor, long x, long y, int n) {
        Cuda.select();
        kernels.launch("scale", blocks(n), factor, n, x, y);
    }

    @Override
    public void add(double factor, long x, long y, int n) {
        Cuda.select();
        kernels.launch("add", blocks(n), factor, n, x, y);
    }

    @Override
    public void addToDiagonal(double addend, long square, int n) {
        Cuda.select();
        kernels.launch("add_to_diagonal", blocks(n), addend, n, square);
    }

    @Override
    public double dot(long x, long y, int n) {
        Cuda.select();
        int blocks = blocks(n);
        kernels.launch("dot", blocks, n, x, y, firstStage);
        double sum = 0;
        for (double partial : reduced("sum_stage", blocks)) {
            sum += partial;
        }
        return sum;
    }

    @Override
    public double largestMagnitude(long x, int n) {
        Cuda.select();
        int blocks = blocks(n);
        kernels.launch("largest", blocks, n, x, firstStage);
        double largest = 0;
        for (double partial : reduced("largest_stage", blocks)) {
            largest = Math.max(largest, partial);
        }
        return largest;
    }

    /** The partial results of so many blocks of the first stage, brought down to one per thread of a block. */
    private double[] reduced(String stage, int blocks) {
        kernels.launch(stage, 1, blocks * CudaKernels.THREADS, firstStage, secondStage);
        copy(partials, Cuda.at(secondStage), (long) CudaKernels.THREADS * Double.BYTES, cudaMemcpyDeviceToHost);
        double[] values = new double[CudaKernels.THREADS];
        partials.get(values);
        return values;
    }

    private static int blocks(int n) {
        return CudaKernels.blocks(n, PARTIALS / CudaKernels.THREADS);
    }

    @Override
    public void widen(long from, long to, int n) {
        Cuda.select();
        kernels.launch("widen", blocks(n), n, from, to);
    }

    @Override
    public BatchedDevice batched() {
        return batches;
    }

    @Override
    public long openMemory(byte[] handle) {
        Cuda.select();
        try (PointerPointer<Pointer> address = new PointerPointer<>(1);
                BytePointer bytes = handle(handle)) {
            cudaIpcMemHandle_t typed = new cudaIpcMemHandle_t(bytes);
            Cuda.check("cudaIpcOpenMemHandle", cudaIpcOpenMemHandle(address, typed, cudaIpcMemLazyEnablePeerAccess));
            return address.get(0).address();
        }
    }

    private static BytePointer handle(byte[] handle) {
        if (handle.length != HANDLE_BYTES) {
            throw new IllegalArgumentException("an IPC handle of " + handle.length + " bytes: " + HANDLE_BYTES);
        }
        return new BytePointer(handle);
    }

    @Override
    public void closeMemory(long address) {
        Cuda.select();
        Cuda.check("cudaStreamSynchronize", cudaStreamSynchronize(stream));
        Cuda.check("cudaIpcCloseMemHandle", cudaIpcCloseMemHandle(Cuda.at(address)));
    }

    @Override
    public long openEvent(byte[] handle) {
        Cuda.select();
        CUevent_st event = new CUevent_st();
        try (BytePointer bytes = handle(handle)) {
            Cuda.check("cudaIpcOpenEventHandle", cudaIpcOpenEventHandle(event, new cudaIpcEventHandle_t(bytes)));
            return event.address();
        }
    }

    @Override
    public void await(long event) {
        Cuda.select();
        Cuda.check("cudaStreamWaitEvent", cudaStreamWaitEvent(stream, new CUevent_st(Cuda.at(event)), 0));
    }

    @Override
    public void closeEvent(long event) {
        Cuda.select();
        Cuda.check("cudaEventDestroy", cudaEventDestroy(new CUevent_st(Cuda.at(event))));
    }

    @Override
    public void close() {
        Cuda.select();
        Cuda.check("cudaStreamSynchronize", cudaStreamSynchronize(stream));
        free(firstStage);
        free(secondStage);
        batches.close();
        kernels.close();
        Cuda.checkBlas("cublasDestroy", cublasDestroy_v2(blas));
        Cuda.check("cudaStreamDestroy", cudaStreamDestroy(stream));
    }
}
