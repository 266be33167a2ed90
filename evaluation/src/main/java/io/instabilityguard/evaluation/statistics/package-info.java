/** Pure statistics of runs: how often, how sure, how early. */
@NullMarked
package io.instabilityguard.evaluation.statistics;

import org.jspecify.annotations.NullMarked;
