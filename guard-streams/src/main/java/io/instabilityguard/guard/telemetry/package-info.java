/** Telemetry as it arrives: what is absurd, what is late, what is next. Imports no other package of the guard. */
@NullMarked
package io.instabilityguard.guard.telemetry;

import org.jspecify.annotations.NullMarked;
