/** Staged slots as matrices, and what was measured of them at one step. */
@NullMarked
package io.instabilityguard.sidecar.sample;

import org.jspecify.annotations.NullMarked;
