/** Timings of the numerics against their rivals: {@link io.instabilityguard.sidecar.spectrum.bench.SpectrumBenchmark}. */
@NullMarked
package io.instabilityguard.sidecar.spectrum.bench;

import org.jspecify.annotations.NullMarked;
