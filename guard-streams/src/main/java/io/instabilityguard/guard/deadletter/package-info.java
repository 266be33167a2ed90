/** What could not be read or processed, kept whole with its cause, so that the stream goes on. */
@NullMarked
package io.instabilityguard.guard.deadletter;

import org.jspecify.annotations.NullMarked;
