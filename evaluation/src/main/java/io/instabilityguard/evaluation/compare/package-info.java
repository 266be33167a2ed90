/** The evaluation: what saves runs, over many seeds, the guard beside its rivals. */
@NullMarked
package io.instabilityguard.evaluation.compare;

import org.jspecify.annotations.NullMarked;
