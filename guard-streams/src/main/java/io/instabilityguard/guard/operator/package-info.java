/** What operators ask for, checked and in the guard's own terms. */
@NullMarked
package io.instabilityguard.guard.operator;

import org.jspecify.annotations.NullMarked;
