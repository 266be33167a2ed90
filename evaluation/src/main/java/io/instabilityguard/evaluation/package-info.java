/**
 * The all-in-one process and what is built on it: the command line of {@code ./guard}, the demo, the evaluation that
 * compares the guard with its rivals, and the benchmarks. The only package that knows both sides of the loop.
 */
@NullMarked
package io.instabilityguard.evaluation;

import org.jspecify.annotations.NullMarked;
