/**
 * The {@link io.instabilityguard.sidecar.spectrum.Device} that is an NVIDIA GPU. <b>Not yet run on a GPU.</b> Everything here that calls
 * CUDA has only been run against a stand-in for its libraries on a CPU ({@code src/test/native}); the algorithms above it are proved
 * on a device in plain Java. Where the driver or a library is missing, nothing of this is loaded beyond the question whether it is there.
 */
@NullMarked
package io.instabilityguard.sidecar.spectrum.cuda;

import org.jspecify.annotations.NullMarked;
