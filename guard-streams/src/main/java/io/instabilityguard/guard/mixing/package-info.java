/** Hyper-connections: the residual mixing of one step, gathered from all ranks, and by how much all of it together amplifies. */
@NullMarked
package io.instabilityguard.guard.mixing;

import org.jspecify.annotations.NullMarked;
