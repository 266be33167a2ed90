package io.instabilityguard.sidecar.spectrum.cuda;

import static org.bytedeco.cuda.global.cudart.cuLaunchKernel;
import static org.bytedeco.cuda.global.cudart.cuModuleGetFunction;
import static org.bytedeco.cuda.global.cudart.cuModuleLoadData;
import static org.bytedeco.cuda.global.cudart.cuModuleUnload;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrComputeCapabilityMajor;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrComputeCapabilityMinor;
import static org.bytedeco.cuda.global.cudart.cudaDeviceGetAttribute;

import io.instabilityguard.sidecar.spectrum.DeviceException;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * The kernels of {@code kernels.cu}, compiled for one device. Arguments go through cells that are written before each launch, which
 * copies them: a launch allocates nothing outside the Java heap. Not thread-safe.
 */
final class CudaKernels implements AutoCloseable {
    static final int THREADS = 256;

    private static final int MOST_ARGUMENTS = 4;

    private final CUstream_st stream;
    private final CUmod_st module = new CUmod_st();
    private final Map<String, CUfunc_st> functions = new HashMap<>();
    private final LongPointer addresses = new LongPointer(MOST_ARGUMENTS);
    private final DoublePointer alpha = new DoublePointer(1);
    private final IntPointer count = new IntPointer(1);
    private final PointerPointer<Pointer> arguments = new PointerPointer<>(MOST_ARGUMENTS);

    /** Compiles {@code source} for the device with this number, whose context is current. */
    CudaKernels(String source, int ordinal, CUstream_st stream) {
        this.stream = stream;
        String architecture = "--gpu-architecture=compute_"
                + attribute(cudaDevAttrComputeCapabilityMajor, ordinal)
                + attribute(cudaDevAttrComputeCapabilityMinor, ordinal);
        try (BytePointer assembly = compile(source, architecture)) {
            Cuda.checkDriver("cuModuleLoadData", cuModuleLoadData(module, assembly));
        }
    }

    private static int attribute(int attribute, int ordinal) {
        int[] value = new int[1];
        Cuda.check("cudaDeviceGetAttribute", cudaDeviceGetAttribute(value, attribute, ordinal));
        return value[0];
    }

    private static BytePointer compile(String source, String option) {
        _nvrtcProgram program = new _nvrtcProgram();
        try (BytePointer text = new BytePointer(source);
                BytePointer name = new BytePointer("kernels.cu");
                BytePointer word = new BytePointer(option);
                PointerPointer<BytePointer> options = new PointerPointer<>(1);
                SizeTPointer size = new SizeTPointer(1)) {
            Cuda.checkCompiler(
                    "nvrtcCreateProgram",
                    nvrtc.nvrtcCreateProgram(
                            program, text, name, 0, (PointerPointer<?>) null, (PointerPointer<?>) null));
            options.put(0, word);
            int code = nvrtc.nvrtcCompileProgram(program, 1, options);
            if (code != 0) {
                throw new DeviceException("nvrtcCompileProgram: " + firstLine(log(program)));
            }
            Cuda.checkCompiler("nvrtcGetPTXSize", nvrtc.nvrtcGetPTXSize(program, size));
            BytePointer assembly = new BytePointer(size.get());
            Cuda.checkCompiler("nvrtcGetPTX", nvrtc.nvrtcGetPTX(program, assembly));
            return assembly;
        } finally {
            nvrtc.nvrtcDestroyProgram(program);
        }
    }

    private static String log(_nvrtcProgram program) {
        try (SizeTPointer size = new SizeTPointer(1)) {
            nvrtc.nvrtcGetProgramLogSize(program, size);
            try (BytePointer log = new BytePointer(Math.max(1, size.get()))) {
                nvrtc.nvrtcGetProgramLog(program, log);
                return log.getString();
            }
        }
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("no log");
    }

    /** Blocks that give every element a thread, but not more than the stage after can take. */
    static int blocks(long n, int most) {
        return (int) Math.max(1, Math.min(most, (n + THREADS - 1) / THREADS));
    }

    /**
     * Shape of a launch.
     *
     * @param blocks of {@value #THREADS} threads each, per member
     * @param members of a batch; 1 for a kernel that knows of none
     */
    record Grid(int blocks, int members) {}

    /** {@code name(alpha, addresses…, n)}. */
    void launch(String name, int blocks, double factor, int n, long... pointers) {
        alpha.put(0, factor);
        arguments.put(0, alpha);
        launch(name, new Grid(blocks, 1), 1, n, pointers);
    }

    /** {@code name(addresses…, n)}. */
    void launch(String name, int blocks, int n, long... pointers) {
        launch(name, new Grid(blocks, 1), n, pointers);
    }

    /** {@code name(addresses…, n)} for every member. */
    void launch(String name, Grid grid, int n, long... pointers) {
        launch(name, grid, 0, n, pointers);
    }

    private void launch(String name, Grid grid, int first, int n, long[] pointers) {
        for (int i = 0; i < pointers.length; i++) {
            addresses.put(i, pointers[i]);
            arguments.put(first + i, addresses.getPointer(i));
        }
        count.put(0, n);
        arguments.put(first + pointers.length, count);
        Cuda.checkDriver(
                name,
                cuLaunchKernel(
                        function(name),
                        grid.blocks(),
                        grid.members(),
                        1,
                        THREADS,
                        1,
                        1,
                        0,
                        stream,
                        arguments,
                        (PointerPointer<?>) null));
    }

    private CUfunc_st function(String name) {
        return functions.computeIfAbsent(name, wanted -> {
            CUfunc_st function = new CUfunc_st();
            Cuda.checkDriver("cuModuleGetFunction " + wanted, cuModuleGetFunction(function, module, wanted));
            return function;
        });
    }

    @Override
    public void close() {
        Cuda.checkDriver("cuModuleUnload", cuModuleUnload(module));
    }
}
