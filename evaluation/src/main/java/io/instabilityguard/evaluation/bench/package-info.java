/** Benchmarks of the claims about speed: numerics, the loop's latency, the hook's cost. */
@NullMarked
package io.instabilityguard.evaluation.bench;

import org.jspecify.annotations.NullMarked;
