/** A run's records in a file. */
@NullMarked
package io.instabilityguard.guard.recording;

import org.jspecify.annotations.NullMarked;
