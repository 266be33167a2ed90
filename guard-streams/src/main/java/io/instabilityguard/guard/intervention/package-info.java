/** From findings to decisions: a pure ladder of interventions, and the processor that keeps its memory. */
@NullMarked
package io.instabilityguard.guard.intervention;

import org.jspecify.annotations.NullMarked;
