package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.command.CommandExecution;
import io.instabilityguard.sidecar.command.CommandSource;
import io.instabilityguard.sidecar.command.ShadowStore;
import io.instabilityguard.sidecar.report.SidecarClock;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import io.instabilityguard.sidecar.report.TelemetryReporter;
import io.instabilityguard.sidecar.sample.SampleSettings;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import java.nio.file.Path;

/** What every session needs of the sidecar. */
record SessionServices(
        Path socketFolder,
        TelemetryReporter reporter,
        CommandExecution.Shared commands,
        CommandSource source,
        MatrixBackend backend,
        SidecarMetrics metrics,
        SidecarClock clock,
        long commandTimeoutMs,
        SampleSettings sampling,
        ShadowStore shadows) {}
