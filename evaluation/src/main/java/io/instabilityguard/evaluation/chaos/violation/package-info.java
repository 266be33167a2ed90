/**
 * Finds what must never happen in what a trial left behind: the topics, read anew, the acknowledgements that sidecars got and what trainers wrote down
 * themselves. Knows nothing of how guard and sidecar decide: every rule is written out here once more.
 */
@NullMarked
package io.instabilityguard.evaluation.chaos.violation;

import org.jspecify.annotations.NullMarked;
