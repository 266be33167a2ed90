package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.spectrum.EjmlBackend;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.MatrixBackends;
import io.instabilityguard.sidecar.spectrum.OpenBlasBackend;
import java.io.IOException;

/** Which library the numerics run on. */
public enum NumericsBackend {
    /** OpenBLAS where it loads, else EJML. */
    AUTO,
    /** OpenBLAS on one thread; the sidecar does not start without. */
    OPENBLAS,
    /** Plain Java. */
    EJML;

    MatrixBackend open() throws IOException {
        return switch (this) {
            case AUTO -> MatrixBackends.detect().backend();
            case OPENBLAS -> openBlas();
            case EJML -> new EjmlBackend();
        };
    }

    private static MatrixBackend openBlas() throws IOException {
        try {
            return new OpenBlasBackend(1);
        } catch (LinkageError e) {
            throw new IOException("numerics.backend is openblas, and it does not load: " + e.getMessage(), e);
        }
    }
}
