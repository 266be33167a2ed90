/** The trainer sidecar: measures staged weights, reports them, carries out commands. Start at {@code Sidecar}. */
@NullMarked
package io.instabilityguard.sidecar;

import org.jspecify.annotations.NullMarked;
