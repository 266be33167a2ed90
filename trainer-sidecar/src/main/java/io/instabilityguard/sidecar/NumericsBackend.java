package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.spectrum.EjmlBackend;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.MatrixBackends;
import io.instabilityguard.sidecar.spectrum.OpenBlasBackend;
import io.instabilityguard.sidecar.spectrum.cuda.CudaBackend;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which library the numerics run on. */
public enum NumericsBackend {
    /** OpenBLAS where it loads, else EJML. Never the GPU: its memory is the trainer's, and that path has not yet run on one. */
    AUTO,
    /** The first GPU; where there is none, what {@link #AUTO} gives, with the reason in the log. */
    CUDA,
    /** OpenBLAS on one thread; the sidecar does not start without. */
    OPENBLAS,
    /** Plain Java. */
    EJML;

    private static final Logger LOG = LoggerFactory.getLogger(NumericsBackend.class);

    /** Ready for use; to be closed when it is {@link AutoCloseable}. */
    MatrixBackend open() throws IOException {
        return switch (this) {
            case AUTO -> MatrixBackends.detect().backend();
            case CUDA -> cuda();
            case OPENBLAS -> openBlas();
            case EJML -> new EjmlBackend();
        };
    }

    private static MatrixBackend cuda() {
        MatrixBackend cpu = MatrixBackends.detect().backend();
        CudaBackend.Found found = CudaBackend.open(cpu);
        if (found.backend().isEmpty()) {
            LOG.warn("numerics.backend is cuda, but there is {}; using {}", found.reason(), cpu.name());
            return cpu;
        }
        return found.backend().get();
    }

    private static MatrixBackend openBlas() throws IOException {
        try {
            return new OpenBlasBackend(1);
        } catch (LinkageError e) {
            throw new IOException("numerics.backend is openblas, and it does not load: " + e.getMessage(), e);
        }
    }
}
