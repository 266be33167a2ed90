/** What finished runs prove: tables, charts and claims, all computed from the store by rule. */
@NullMarked
package io.instabilityguard.evaluation.evidence;

import org.jspecify.annotations.NullMarked;
