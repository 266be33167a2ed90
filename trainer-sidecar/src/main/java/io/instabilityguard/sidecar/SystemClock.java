package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.report.SidecarClock;
import java.time.InstantSource;

/** The only place where the sidecar looks at the system's clock. */
final class SystemClock {
    static final SidecarClock INSTANCE = new SidecarClock(InstantSource.system(), System::nanoTime);

    private SystemClock() {}
}
