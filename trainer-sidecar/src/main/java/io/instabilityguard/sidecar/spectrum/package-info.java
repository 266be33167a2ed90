/**
 * Pure numerics: what a staged weight matrix looks like ({@link io.instabilityguard.sidecar.spectrum.SpectrumProbe}) and how
 * it is repaired ({@link io.instabilityguard.sidecar.spectrum.MSign}), over a small set of primitives
 * ({@link io.instabilityguard.sidecar.spectrum.MatrixBackend}). No Kafka, no Avro, no logging, no clock; random numbers only with
 * fixed seeds, so that equal inputs in equal order give equal results.
 */
@NullMarked
package io.instabilityguard.sidecar.spectrum;

import org.jspecify.annotations.NullMarked;
