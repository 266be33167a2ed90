/** How far long work is, for whoever watches it on a terminal. */
@NullMarked
package io.instabilityguard.guard.progress;

import org.jspecify.annotations.NullMarked;
