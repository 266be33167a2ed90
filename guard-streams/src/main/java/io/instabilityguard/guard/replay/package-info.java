/** What policies would have decided on a recording. */
@NullMarked
package io.instabilityguard.guard.replay;

import org.jspecify.annotations.NullMarked;
