/** Who may act on a run: one pure fold over the claims in the order of their topic. */
@NullMarked
package io.instabilityguard.guard.lease;

import org.jspecify.annotations.NullMarked;
