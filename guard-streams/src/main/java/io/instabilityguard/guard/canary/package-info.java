/** A synthetic collapse through the real topics: proof that detection works now, and an alarm when it does not. */
@NullMarked
package io.instabilityguard.guard.canary;

import org.jspecify.annotations.NullMarked;
