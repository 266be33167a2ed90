/**
 * Pure numerics of hyper-connection mixing matrices H (n × n, n small): projection to doubly stochastic form
 * ({@link io.instabilityguard.sidecar.mixing.SinkhornKnopp}) and gains ({@link io.instabilityguard.sidecar.mixing.MixingGain}).
 */
@NullMarked
package io.instabilityguard.sidecar.mixing;

import org.jspecify.annotations.NullMarked;
