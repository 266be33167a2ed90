package io.instabilityguard.sidecar.spectrum.cuda;

import static org.bytedeco.cuda.global.cudart.cudaDriverGetVersion;
import static org.bytedeco.cuda.global.cudart.cudaGetDeviceCount;
import static org.bytedeco.cuda.global.cudart.cudaGetDeviceProperties;
import static org.bytedeco.cuda.global.cudart.cudaMemGetInfo;

import io.instabilityguard.sidecar.spectrum.DeviceBackend;
import io.instabilityguard.sidecar.spectrum.DeviceCheck;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * Opens the first GPU as a {@link MatrixBackend}, or says in one line why there is none. Never fails and never crashes: a machine without
 * driver, device or a CUDA library of the right version is an answer here. <b>Not yet run on a GPU.</b>
 */
public final class CudaBackend {
    private static final String DRIVER = "libcuda.so.1";
    private static final String KERNELS = "kernels.cu";

    /**
     * What there is.
     *
     * @param backend the GPU, ready for use and checked against the CPU; to be closed
     * @param reason one line for a log or {@code ./guard doctor}: which GPU, or "no GPU: …"
     */
    public record Found(Optional<DeviceBackend> backend, String reason) {}

    private CudaBackend() {}

    /** Looks for a GPU; {@code host} decomposes for it and is what it is checked against. */
    public static Found open(MatrixBackend host) {
        return Libraries.FAILURE.map(CudaBackend::none).orElseGet(() -> opened(host));
    }

    private static Found opened(MatrixBackend host) {
        try {
            return checked(new DeviceBackend(device(), host), host);
        } catch (IOException | LinkageError | RuntimeException e) {
            return none(reason(e));
        }
    }

    /** Loaded once: a class that failed to load says the second time only that it failed. */
    private static final class Libraries {
        static final Optional<String> FAILURE = load();

        private static Optional<String> load() {
            try {
                Loader.load(org.bytedeco.javacpp.presets.javacpp.class);
                Loader.loadGlobal(DRIVER);
            } catch (LinkageError | RuntimeException e) {
                return Optional.of("no NVIDIA driver: " + reason(e));
            }
            try {
                Loader.load(cudart.class);
                Loader.load(cublas.class);
                Loader.load(nvrtc.class);
                return Optional.empty();
            } catch (LinkageError | RuntimeException e) {
                return Optional.of("CUDA 12 is needed: " + reason(e));
            }
        }
    }

    private static Found checked(DeviceBackend backend, MatrixBackend host) {
        Optional<String> disagreement = DeviceCheck.disagreement(backend, host);
        if (disagreement.isPresent()) {
            backend.close();
            return none(disagreement.get());
        }
        return new Found(Optional.of(backend), backend.name());
    }

    private static CudaDevice device() throws IOException {
        int[] count = new int[1];
        Cuda.check("cudaGetDeviceCount", cudaGetDeviceCount(count));
        if (count[0] < 1) {
            throw new IllegalStateException("the driver has no device");
        }
        return new CudaDevice(description(), kernels());
    }

    private static String description() {
        int[] driver = new int[1];
        Cuda.check("cudaDriverGetVersion", cudaDriverGetVersion(driver));
        try (cudaDeviceProp properties = new cudaDeviceProp();
                BytePointer name = nameOf(properties);
                SizeTPointer free = new SizeTPointer(1);
                SizeTPointer total = new SizeTPointer(1)) {
            Cuda.check("cudaMemGetInfo", cudaMemGetInfo(free, total));
            return "CUDA on " + name.getString() + ", " + (total.get() >> 20) + " MiB, driver for CUDA "
                    + driver[0] / 1000 + "." + driver[0] % 1000 / 10;
        }
    }

    private static BytePointer nameOf(cudaDeviceProp properties) {
        Cuda.check("cudaGetDeviceProperties", cudaGetDeviceProperties(properties, 0));
        return properties.name();
    }

    private static String kernels() throws IOException {
        try (InputStream source = CudaBackend.class.getResourceAsStream(KERNELS)) {
            if (source == null) {
                throw new IOException(KERNELS + " is missing beside the classes");
            }
            return new String(source.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static Found none(String reason) {
        return new Found(
                Optional.empty(), "no GPU: " + reason.lines().findFirst().orElse("unknown"));
    }

    /** JavaCPP wraps what the dynamic linker says, which begins with the folder that it unpacked to. */
    private static String reason(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null ? root.getClass().getSimpleName() : message.replaceFirst("^/\\S*/(lib\\S+: )", "$1");
    }
}
