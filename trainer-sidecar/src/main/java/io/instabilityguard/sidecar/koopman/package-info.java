/**
 * Pure numerics on residual snapshots: the Koopman profile of a block ({@link io.instabilityguard.sidecar.koopman.KoopmanProbe}; RKSP,
 * arXiv 2602.22988) and how the blocks' Jacobians line up ({@link io.instabilityguard.sidecar.koopman.JacobianProbe}; MSign, arXiv
 * 2602.01734). No Kafka, no logging, no clock; random numbers only with fixed seeds, so that equal inputs give equal results.
 */
@NullMarked
package io.instabilityguard.sidecar.koopman;

import org.jspecify.annotations.NullMarked;
