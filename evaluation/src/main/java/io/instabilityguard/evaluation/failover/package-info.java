/** What becomes of running runs when the active guard is killed: two guards, many runs, counted from the topics. */
@NullMarked
package io.instabilityguard.evaluation.failover;

import org.jspecify.annotations.NullMarked;
