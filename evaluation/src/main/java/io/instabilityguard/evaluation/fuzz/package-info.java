/** Hostile input for everything that reads what others wrote: the socket, staging files, records and policies. */
@NullMarked
package io.instabilityguard.evaluation.fuzz;

import org.jspecify.annotations.NullMarked;
