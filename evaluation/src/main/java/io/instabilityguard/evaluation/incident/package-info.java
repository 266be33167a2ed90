/** The report on what went wrong in one run, from a recording of it. */
@NullMarked
package io.instabilityguard.evaluation.incident;

import org.jspecify.annotations.NullMarked;
